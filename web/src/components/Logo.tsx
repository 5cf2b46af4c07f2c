/** From here to there: the mark. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden className={className} fill="none">
      <path
        d="M5 17.500c0-8 14-2.500 14-10.500"
        stroke="currentColor"
        strokeWidth="2.100"
        strokeLinecap="round"
      />
      <circle cx="5" cy="18" r="2.400" fill="currentColor" />
      <circle cx="19" cy="6.500" r="3" className="fill-marigold" />
    </svg>
  );
}
