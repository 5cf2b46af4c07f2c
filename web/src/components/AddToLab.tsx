import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FlaskConical } from 'lucide-react';
import { useState, type SyntheticEvent } from 'react';

import { messageOf } from '../api/error';
import { addCaseFromTurn, createSuite, suitesQuery } from '../api/lab';
import type { Suite } from '../api/types';
import { Button, IconButton } from './Button';
import { Dialog } from './Dialog';
import { InputField, SelectField } from './Field';
import { LoadError, LoadingRows } from './Loading';
import { MessageText } from './SecretText';
import { TEXT_LINK } from './linkStyles';

interface AddToLabProps {
  guru: string;
  /** The turn whose question becomes a case. */
  turn: string;
  question: string;
  /** As a small sign, in a row of many. */
  small?: boolean;
}

/** Makes a labelled question of one that was asked: what fired then is what is expected from now on. */
export function AddToLab({ guru, turn, question, small = false }: AddToLabProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      {small ? (
        <IconButton label={`Add “${question}” to the lab`} onClick={() => setOpen(true)}>
          <FlaskConical className="size-4" />
        </IconButton>
      ) : (
        <Button onClick={() => setOpen(true)}>
          <FlaskConical aria-hidden className="size-4" />
          Add to the lab
        </Button>
      )}
      {open && (
        <Dialog open onOpenChange={setOpen} title="Add to the lab">
          <AddForm guru={guru} turn={turn} question={question} />
        </Dialog>
      )}
    </>
  );
}

function AddForm({ guru, turn, question }: Omit<AddToLabProps, 'small'>) {
  const suites = useQuery(suitesQuery(guru));
  if (suites.data === undefined) {
    return suites.isError ? (
      <LoadError error={suites.error} onRetry={() => void suites.refetch()} />
    ) : (
      <LoadingRows what="suites" rows={2} />
    );
  }
  return <LoadedForm guru={guru} turn={turn} question={question} suites={suites.data} />;
}

/** The choice that makes a suite first. */
const NEW = 'new';

function LoadedForm({ guru, turn, question, suites }: Omit<AddToLabProps, 'small'> & { suites: Suite[] }) {
  const [chosen, setChosen] = useState(suites[0]?.id ?? NEW);
  const [name, setName] = useState('');
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: async () => {
      const suite = chosen === NEW ? (await createSuite(guru, name.trim(), null)).id : chosen;
      // Made is made: trying again must not make a second one.
      setChosen(suite);
      await queries.invalidateQueries({ queryKey: suitesQuery(guru).queryKey });
      await addCaseFromTurn(guru, suite, turn);
      return suite;
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['lab', guru] }),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!add.isPending) add.mutate();
  };
  if (add.isSuccess) {
    return (
      <p role="status" className="text-sm">
        It is a case now, and expects what fired then. Where that was wrong,{' '}
        <Link to="/g/$guru/lab/$suite" params={{ guru, suite: add.data }} className={TEXT_LINK}>
          correct it in its suite
        </Link>
        .
      </p>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <blockquote className="border-l-2 border-line-strong pl-3 text-sm text-ink-soft wrap-anywhere">
        <MessageText text={question} />
      </blockquote>
      <SelectField
        label="Suite"
        value={chosen}
        onChange={(event) => setChosen(event.target.value)}
        choices={[
          ...suites.map((suite) => ({ value: suite.id, label: suite.name })),
          { value: NEW, label: 'A new suite' },
        ]}
      />
      {chosen === NEW && (
        <InputField
          label="Name of the new suite"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={80}
          autoComplete="off"
          required
        />
      )}
      {add.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(add.error)} />
        </p>
      )}
      <div className="flex justify-end">
        <Button type="submit" look="primary" busy={add.isPending}>
          Add it
        </Button>
      </div>
    </form>
  );
}
