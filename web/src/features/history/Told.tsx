import type { ExecutionStory } from '../../api/types';
import { MessageText, SecretText } from '../../components/SecretText';
import { Section } from '../../components/Section';

/** What the asker thought of the answer, and whom the result was told to. */
export function Told({ run }: { run: ExecutionStory }) {
  return (
    <>
      {run.feedback.length > 0 && (
        <Section title="Vote on the answer">
          <ul className="grid gap-1 text-sm">
            {run.feedback.map(({ vote, comment, updated_at }) => (
              <li key={updated_at} className="wrap-anywhere">
                Voted {vote}
                {comment != null && (
                  <>
                    : “<SecretText text={comment} />”
                  </>
                )}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {run.deliveries.length > 0 && (
        <Section title="Told to">
          <ul className="grid gap-1 text-sm">
            {run.deliveries.map((delivery) => (
              <li key={delivery.id} className="wrap-anywhere">
                {delivery.channel} {delivery.receiver}: {delivery.status}
                {delivery.error != null && (
                  <span className="block text-[0.8125rem] text-ink-soft">
                    <MessageText text={delivery.error} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
