//! The clients that scripts use, without any proxy variable.

use crate::{
    egress, inside,
    inside::Way,
    net::Means,
    only, python, run,
    site::{Manner, Site},
};

const HERE: (Way, Means) = (Way::User, Means::Gate);

/// Clients of the standard library and of the image, each against one host that is allowed and one that isn't.
#[tokio::test(flavor = "multi_thread")]
async fn python_clients_work_and_say_why_they_do_not() {
    let site = Site::start(Manner::Http).await;
    let port = site.port();
    let egress = egress(&[("shop.test", "127.0.0.1"), ("evil.test", "127.0.0.1")], &[site.address]);
    let standard = [
        ("import urllib.request as u", "u.urlopen(URL).read().decode()"),
        ("import http.client as h", "(c := h.HTTPConnection(HOST, PORT), c.request('GET', '/'), c.getresponse().read().decode())[2]"),
        (
            "import asyncio\nasync def ask():\n  r, w = await asyncio.open_connection(HOST, PORT)\n  w.write(b'GET / HTTP/1.0\\r\\n\\r\\n')\n  return (await r.read())[-5:].decode()",
            "asyncio.run(ask())",
        ),
    ];
    let of_the_image = [
        ("import requests", "requests.get(URL).text"),
        ("import httpx", "httpx.get(URL).text"),
        ("import httpx, asyncio\nasync def ask():\n  async with httpx.AsyncClient() as c: return (await c.get(URL)).text", "asyncio.run(ask())"),
        (
            "import openai\nc = lambda: openai.OpenAI(base_url=URL + 'v1', api_key='k', max_retries=0)",
            "'hello' if c().models.list().data[0].id == 'tiny' else ''",
        ),
    ];
    let clients = standard.into_iter().chain(of_the_image.into_iter().filter(|_| inside::image().is_some()));
    for (imports, ask) in clients {
        let script = format!(
            "import traceback\nPORT = {port}\nHOST, URL = 'shop.test', 'http://shop.test:{port}/'\n{imports}\nprint({ask})\n\
             HOST, URL = 'evil.test', 'http://evil.test:{port}/'\ntry: print({ask})\nexcept Exception: traceback.print_exc()"
        );
        let ran = python(&egress, only(&["shop.test"]), HERE, &script).await;
        let why = format!("Errand refused the connection to evil.test:{port}: `evil.test` is not among");
        assert!(ran.stdout == "hello\n" && ran.stderr.contains(&why), "{imports}: {ran:?}");
        assert_eq!(ran.contacts.len(), 2, "{imports}: {ran:?}");
        assert!(ran.contacts[0].starts_with(&format!("shop.test:{port} ")), "{imports}: {ran:?}");
        assert!(ran.contacts[1].starts_with(&format!("evil.test:{port} refused: ")), "{imports}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_works_and_fails_at_once() {
    let site = Site::start(Manner::Http).await;
    let port = site.port();
    let egress = egress(&[("shop.test", "127.0.0.1")], &[site.address]);
    let of = |host: &str| format!("http://{host}:{port}/");
    let ran = run(&egress, only(&["shop.test"]), HERE, &["curl", "-sS", &of("shop.test"), &of("evil.test")]).await;
    assert!(ran.stdout == "hello" && ran.stderr.contains("connect to"), "{ran:?}");
    assert!(ran.contacts[1].starts_with(&format!("evil.test:{port} refused: ")), "{ran:?}");
}
