/** Reads a case file: one JSON object a line, as docs/trigger-lab.md gives it. */
import type { LabCaseBody } from '../../api/types';

/** More than a suite holds. */
const LINES_MAX = 5_000;

export type CaseFile = { cases: LabCaseBody[] } | { problem: string };

export function readCaseFile(text: string): CaseFile {
  const cases: LabCaseBody[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const read = readLine(line);
    if (read === null) {
      return {
        problem: `Line ${index + 1} is no case. Each line is a JSON object with \`question\` and \`expected\`.`,
      };
    }
    cases.push(read);
    if (cases.length > LINES_MAX)
      return {
        problem: `The file has more than ${LINES_MAX.toLocaleString()} cases. Cut it into several suites.`,
      };
  }
  if (cases.length === 0) return { problem: 'The file has no case in it. Choose another one.' };
  return { cases };
}

function readLine(line: string): LabCaseBody | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return isCase(value) ? value : null;
}

/** Only so much that the server's own refusal can speak of the rest. */
function isCase(value: unknown): value is LabCaseBody {
  return (
    typeof value === 'object' &&
    value !== null &&
    'question' in value &&
    typeof value.question === 'string' &&
    'expected' in value &&
    typeof value.expected === 'object' &&
    value.expected !== null
  );
}
