/** An amount in the currency that the operator counts in; a dash where nothing had a price. */
export function formatCost(cost: number | null | undefined): string {
  if (cost == null) return '–';
  const digits = cost !== 0 && cost < 0.01 ? 6 : 2;
  return cost.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: digits });
}
