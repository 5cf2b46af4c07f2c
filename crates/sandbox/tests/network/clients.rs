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
        (
            "import http.client as h",
            "(c := h.HTTPConnection(HOST, PORT), c.request('GET', '/'), c.getresponse().read().decode())[2]",
        ),
        (
            "import asyncio\nasync def ask():\n  r, w = await asyncio.open_connection(HOST, PORT)\n  w.write(b'GET / HTTP/1.0\\r\\n\\r\\n')\n  return (await r.read())[-5:].decode()",
            "asyncio.run(ask())",
        ),
    ];
    let of_the_image = [
        ("import requests", "requests.get(URL).text"),
        ("import httpx", "httpx.get(URL).text"),
        (
            "import httpx, asyncio\nasync def ask():\n  async with httpx.AsyncClient() as c: return (await c.get(URL)).text",
            "asyncio.run(ask())",
        ),
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
        // What anyio connects for gets its words: they are in the history alone.
        let why = match imports {
            _ if imports.contains("AsyncClient") => "All connection attempts failed".to_owned(),
            _ => format!("Errand refused the connection to evil.test:{port}: `evil.test` is not among"),
        };
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
    let ran =
        run(&egress, only(&["shop.test"]), HERE, &["curl", "-sS", &of("shop.test"), &of("evil.test")]).await;
    assert!(ran.stdout == "hello" && ran.stderr.contains("connect to"), "{ran:?}");
    assert!(ran.contacts[1].starts_with(&format!("evil.test:{port} refused: ")), "{ran:?}");
}

/// Over TLS, which passes through as it is: the certificate is the site's own.
#[tokio::test(flavor = "multi_thread")]
async fn git_clones_over_https() {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = folder.path().join("tool.git");
    let commands = "git init -q --bare $0 && git -C $0 symbolic-ref HEAD refs/heads/main && \
        c=$(git -C $0 -c user.name=a -c user.email=a@b.test commit-tree -m one $(git -C $0 mktree </dev/null)) && \
        git -C $0 update-ref refs/heads/main $c && git -C $0 update-server-info";
    let made = std::process::Command::new("sh")
        .args(["-c", commands])
        .arg(&repository)
        .status()
        .expect("git is there");
    assert!(made.success());
    let site = Site::start_secure(folder.path()).await;
    let port = site.port();
    let egress = egress(&[("code.test", "127.0.0.1")], &[site.address]);
    let script = "cd $(mktemp -d -p /mnt) && git -c http.sslVerify=false clone -q https://code.test:$0/tool.git && \
        git -C tool log --format=%s && git clone -q https://evil.test/other.git";
    let ran = run(&egress, only(&["code.test"]), HERE, &["sh", "-c", script, &port.to_string()]).await;
    assert!(ran.stdout == "one\n" && ran.stderr.contains("evil.test port 443"), "{ran:?}");
    assert!(ran.contacts[0].starts_with(&format!("code.test:{port} ")), "{ran:?}");
    assert!(ran.contacts[1].starts_with("evil.test:443 refused: "), "{ran:?}");
}
