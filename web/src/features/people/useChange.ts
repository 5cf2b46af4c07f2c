import { useMutation, useQueryClient } from '@tanstack/react-query';

/** A change that makes a list be read anew, and tells when it is through. */
export function useChange<T>(
  change: (what: T) => Promise<unknown>,
  list: readonly string[],
  done: () => void,
) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: list });
      done();
    },
  });
}
