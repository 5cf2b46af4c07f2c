// What the mock server knows: conversations that ended, and how a new question is acted out.

const at = (minutesAgo) => new Date(Date.now() - minutesAgo * 60_000).toISOString();

export const gurus = [
  {
    id: 'guru_demo',
    slug: 'demo',
    name: 'Acme Support',
    instructions: '',
    time_zone: 'Europe/Berlin',
    created_at: at(9000),
    updated_at: at(9000),
    example_questions: [
      'Where is my refund for order 12345?',
      'I was charged twice!',
      'Is the site down? Also which tickets breach SLA in the next 3 hours?',
    ],
  },
  {
    id: 'guru_people',
    slug: 'people',
    name: 'People Desk',
    instructions: '',
    time_zone: 'UTC',
    created_at: at(9000),
    updated_at: at(9000),
    example_questions: ['How many days off do I have left?'],
  },
];

const plan = (steps, missing = [], extra = []) => ({
  version: 1,
  planner: 'embedded',
  steps: steps.map(([action, args]) => ({
    action,
    action_version: 1,
    arguments: args,
    origins: [],
    runs_with: null,
  })),
  missing,
  considered: [
    ...steps.map(([action], index) => ({
      action,
      score: 0.91 - index * 0.06,
      fires: true,
      evidence: ['Its meaning is near the trigger (0.71).', 'It names an order number.'],
    })),
    ...missing.map(({ action }) => ({
      action,
      score: 0.84,
      fires: true,
      evidence: ['It shares “charged”, “twice” with the action.'],
    })),
    {
      action: 'order_status',
      score: 0.41,
      fires: false,
      evidence: ['It mentions an order, but asks for money back.'],
    },
    { action: 'product_availability', score: 0.08, fires: false, evidence: [] },
  ],
  notices: extra,
});

const REFUND = {
  order_id: '12345',
  refund: 're_3PqL',
  status: 'pending',
  amount: '49.90 EUR',
  requested_at: '2026-11-20T09:14:00Z',
  expected_by: '2026-11-27',
  card: { brand: 'visa', last4: '4242' },
  authorization: 'Bearer [secret:STRIPE_API_KEY]',
};

const TICKETS = Array.from({ length: 26 }, (_, index) => ({
  ticket: 4810 + index,
  subject: ['Cannot sign in after the update', 'Invoice shows the wrong VAT', 'Export never finishes'][
    index % 3
  ],
  priority: ['high', 'urgent', 'normal'][index % 3],
  breaches_in_minutes: 9 + index * 6,
  assignee: index % 4 === 0 ? null : 'kim@acme.test',
}));

const exchange = (url, body) => ({
  method: 'GET',
  url,
  request_headers: [
    ['authorization', 'Bearer [secret:STRIPE_API_KEY]'],
    ['accept', 'application/json'],
  ],
  request_body: null,
  status: 200,
  response_headers: [['content-type', 'application/json']],
  response_body: JSON.stringify(body),
  response_truncated: false,
});

const refund = {
  action: 'refund_status',
  arguments: { order_id: '12345' },
  ms: 1400,
  status: 'succeeded',
  output: JSON.stringify(REFUND),
  exchange: exchange('https://payments.acme.test/v1/refunds?order=12345', REFUND),
  masked_count: 1,
};

const outage = {
  action: 'outage_status',
  arguments: { feature: 'site' },
  ms: 700,
  status: 'succeeded',
  output: 'All systems operational.\nLast incident: 2026-11-19, resolved after 22 minutes.\n',
};

const sla = {
  action: 'sla_breaches',
  arguments: { hours_ahead: 3 },
  ms: 2100,
  status: 'succeeded',
  output: JSON.stringify(TICKETS),
};

const failing = {
  action: 'entitlements',
  arguments: { customer_email: 'ana@acme.test' },
  ms: 900,
  status: 'failed',
  output: '',
  stderr: 'Traceback (most recent call last):\n  File "main.py", line 12, in <module>\nKeyError: \'plan\'\n',
  error: 'The script ended with `KeyError: plan` in line 12. Look at its log, then mend the script.',
};

const states = ['refused', 'timed_out', 'cancelled', 'unknown'].map((status) => ({
  action: `${status}_example`,
  arguments: { order_id: '99' },
  ms: 300,
  status,
  output: '',
  error:
    status === 'refused'
      ? 'The host `10.0.0.8` is a private address. Ask your operator to open it, or use a public one.'
      : status === 'timed_out'
        ? 'No answer came within 30 s. Raise the time limit of `timed_out_example`, or ask the service.'
        : null,
}));

/** How a question goes: what it plans, runs and answers. */
export function sceneOf(question, previous) {
  const text = question.toLowerCase();
  if (text.includes('refund')) {
    return {
      plan: plan([[refund.action, refund.arguments]]),
      runs: [refund],
      answer:
        'Your refund of **49.90 EUR** for order `12345` is **pending**. The bank has it since 20 November and it should be on your Visa ending in 4242 by **27 November**.\n\nIf it is not there by then:\n\n1. Ask your bank for the reference `re_3PqL`.\n2. Write to us again with its reply.\n\nSee the [refund policy](https://acme.test/refunds).',
    };
  }
  if (text.includes('charged twice')) {
    return {
      plan: plan([], [{ action: 'double_charge', arguments: {}, parameters: ['customer_email'] }]),
      runs: [],
      answer: 'I can look into the double charge. What is the **customer email** on the account?',
    };
  }
  if (text.includes('ana@acme.test') && previous?.toLowerCase().includes('charged')) {
    const double = {
      ...refund,
      action: 'double_charge',
      arguments: { customer_email: 'ana@acme.test' },
      output: JSON.stringify([
        { charge: 'ch_1', amount: '49.90 EUR', at: '2026-11-20T09:14:00Z', status: 'captured' },
        { charge: 'ch_2', amount: '49.90 EUR', at: '2026-11-20T09:14:07Z', status: 'captured' },
      ]),
    };
    return {
      plan: plan([[double.action, double.arguments]]),
      runs: [double],
      answer:
        'Two charges of 49.90 EUR were captured seven seconds apart. The second, `ch_2`, is the duplicate.',
    };
  }
  if (text.includes('site down')) {
    return {
      plan: plan([
        [outage.action, outage.arguments],
        [sla.action, sla.arguments],
      ]),
      runs: [outage, sla],
      answer:
        'The site is **up**. 26 tickets breach their SLA in the next 3 hours; the most pressing:\n\n| Ticket | Subject | Breaches in |\n|---|---|---|\n| 4810 | Cannot sign in after the update | 9 min |\n| 4811 | Invoice shows the wrong VAT | 15 min |\n| 4812 | Export never finishes | 21 min |\n',
    };
  }
  if (text.includes('every state')) {
    const all = [refund, failing, ...states];
    return {
      plan: plan(
        all.map((run) => [run.action, run.arguments]),
        [],
        ['Decided without the language model: it did not answer.'],
      ),
      runs: all,
      answer: 'Some of it worked. The token was [secret:STRIPE_API_KEY].',
    };
  }
  if (text.includes('slow')) {
    return {
      plan: plan([
        [refund.action, refund.arguments],
        [sla.action, sla.arguments],
      ]),
      runs: [
        { ...refund, ms: 6000 },
        { ...sla, ms: 9000 },
      ],
      answer: 'That took a while. '.repeat(60),
    };
  }
  if (text.includes('break'))
    return { plan: plan([]), runs: [], answer: '', error: 'The planner could not decide. Ask again.' };
  return {
    plan: plan([]),
    runs: [],
    answer: 'No action of this guru applies to that. Ask about orders, refunds or tickets.',
  };
}

export { at };
