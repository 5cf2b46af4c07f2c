/** One line with placeholders, text with placeholders, JSON with placeholders, or a Python script. */
export type Mode = 'line' | 'text' | 'json' | 'python';
