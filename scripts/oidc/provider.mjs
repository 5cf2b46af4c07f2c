// An identity provider for the tests: the certified `oidc-provider`, with a few people and its own sign-in pages, where any
// password is right. `node provider.mjs PORT`.
import process from "node:process";

import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

// Login, and what is told of whom. What is not listed is a viewer-to-be with a verified address of that login.
const PEOPLE = {
  ana: { name: "Ana Silva", groups: ["support"] },
  bo: { name: "Bo Lind", groups: ["support", "builders"] },
  chief: { name: "Chief", groups: ["admins"] },
  // Says an address that was never verified, and it is the administrator's.
  mallory: { name: "Mallory", email: "admin@localhost", email_verified: false },
  // Somebody else who was given the address that was ana's.
  "new-ana": { name: "Ana Other", email: "ana@example.test" },
  stranger: { email: "stranger@elsewhere.test" },
  nameless: { email: undefined },
};

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "errand",
      client_secret: "a-secret-of-the-tests",
      // A native application's address on the loopback may have any port.
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/api/v1/auth/oidc/callback"],
      post_logout_redirect_uris: ["http://127.0.0.1/sign-in"],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  pkce: { required: () => true },
  scopes: ["openid", "email", "profile", "groups"],
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified"],
    profile: ["name"],
    groups: ["groups"],
  },
  cookies: { keys: ["a-key-of-the-tests"] },
  findAccount: (_context, login) => ({
    accountId: login,
    claims: () => ({
      sub: login,
      email: `${login}@example.test`,
      email_verified: true,
      ...PEOPLE[login],
    }),
  }),
  // Tests may come back a little late on a busy machine; the codes themselves are used once all the same.
  ttl: {
    AccessToken: 600,
    AuthorizationCode: 60,
    IdToken: 600,
    Interaction: 600,
    Grant: 600,
    Session: 600,
  },
});

provider.listen(port, "127.0.0.1");
