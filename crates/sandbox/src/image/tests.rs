//! Archives that were made by people who wish us ill, and such as tools make.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
};

use tar::{Builder, EntryType, Header};

use super::{
    Reporter, Store, UnpackRequest,
    container::Digest,
    layer::{Allowance, add, take_away},
    root::Root,
    unpack,
};

/// One entry of an archive, written as it is: no library's care stands in the way.
struct Item {
    kind: EntryType,
    path: Vec<u8>,
    link: Vec<u8>,
    mode: u32,
    content: Vec<u8>,
}

fn file(path: &str, content: &str) -> Item {
    Item {
        kind: EntryType::Regular,
        path: path.into(),
        link: Vec::new(),
        mode: 0o644,
        content: content.into(),
    }
}

fn folder(path: &str) -> Item {
    Item { kind: EntryType::Directory, mode: 0o700, ..file(path, "") }
}

fn link(kind: EntryType, path: &str, target: &str) -> Item {
    Item { kind, link: target.into(), ..file(path, "") }
}

fn archive(items: &[Item]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for item in items {
        let mut header = Header::new_gnu();
        let fields = header.as_mut_bytes();
        fields[..item.path.len()].copy_from_slice(&item.path);
        fields[157..157 + item.link.len()].copy_from_slice(&item.link);
        header.set_entry_type(item.kind);
        header.set_mode(item.mode);
        header.set_size(item.content.len() as u64);
        header.set_cksum();
        builder.append(&header, item.content.as_slice()).expect("memory takes all");
    }
    builder.into_inner().expect("memory takes all")
}

/// A root beside something that must not be touched.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("root")).expect("a folder");
        fs::create_dir(folder.path().join("outside")).expect("a folder");
        fs::write(folder.path().join("outside/file"), "untouched").expect("a file");
        Self { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn outside(&self) -> String {
        self.path("outside").display().to_string()
    }

    fn unpack(&self, layers: &[Vec<Item>]) -> Result<(), &'static str> {
        let root = Root::open(&self.path("root")).expect("it is there");
        let mut allowance = Allowance { bytes: 1_000, entries: 100 };
        for items in layers {
            let bytes = archive(items);
            take_away(&root, bytes.as_slice(), &allowance).map_err(|error| error.code)?;
            add(&root, bytes.as_slice(), &mut allowance, |_| {}).map_err(|error| error.code)?;
        }
        Ok(())
    }

    fn assert_untouched(&self) {
        let names: Vec<_> = fs::read_dir(self.path("outside"))
            .expect("a folder")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(names, ["file"]);
        assert_eq!(fs::read_to_string(self.path("outside/file")).ok().as_deref(), Some("untouched"));
        let above: Vec<_> = fs::read_dir(self.folder.path()).expect("a folder").flatten().collect();
        assert_eq!(above.len(), 2, "{above:?}");
    }

    /// All below the root: path, and content, target or nothing.
    fn found(&self) -> Vec<String> {
        fn visit(folder: &Path, at: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                let name = path.strip_prefix(at).expect("it is below").display().to_string();
                let about = path.symlink_metadata().expect("it is there");
                if about.is_symlink() {
                    found.push(format!("{name} -> {}", fs::read_link(&path).expect("a link").display()));
                } else if about.is_dir() {
                    found.push(format!("{name}/"));
                    visit(&path, at, found);
                } else {
                    found.push(format!("{name}: {}", fs::read_to_string(&path).expect("text")));
                }
            }
        }
        let mut found = Vec::new();
        visit(&self.path("root"), &self.path("root"), &mut found);
        found.sort();
        found
    }
}

fn check(layers: &[Vec<Item>], expect: Result<&[&str], &'static str>) {
    let stage = Stage::new();
    let got = stage.unpack(layers);
    assert_eq!(got, expect.map(|_| ()));
    if let Ok(expect) = expect {
        assert_eq!(stage.found(), expect);
    }
    stage.assert_untouched();
}

#[test]
fn an_archive_is_unpacked() {
    check(
        &[vec![
            folder("./"),
            folder("./usr/"),
            file("./usr/a", "text"),
            link(EntryType::Symlink, "bin", "usr"),
            file("bin/b", "through the link"),
        ]],
        Ok(&["bin -> usr", "usr/", "usr/a: text", "usr/b: through the link"]),
    );
    check(
        &[vec![file("deep/er/file", "x"), link(EntryType::Link, "same", "deep/er/file")]],
        Ok(&["deep/", "deep/er/", "deep/er/file: x", "same: x"]),
    );
}

#[test]
fn paths_that_lead_out_are_refused() {
    for path in ["../outside/new", "usr/../../outside/new", "/outside/new", "..", "a/.."] {
        check(&[vec![file(path, "x")]], Err("hostile_archive"));
    }
    check(&[vec![file("a", "x"), link(EntryType::Link, "b", "../outside/file")]], Err("hostile_archive"));
    check(&[vec![link(EntryType::Link, "b", "/etc/passwd")]], Err("hostile_archive"));
    check(&[vec![file("a/.wh...", "")]], Err("hostile_archive"));
    check(&[vec![file("../outside/.wh.file", "")]], Err("hostile_archive"));
}

#[test]
fn links_that_lead_out_stay_within_the_root() {
    let outside = Stage::new();
    for target in [outside.outside(), "../outside".to_owned(), "/".to_owned() + &"../".repeat(20) + "tmp"] {
        let stage = Stage::new();
        let layer =
            vec![link(EntryType::Symlink, "way", &target), file("way/new", "x"), file("way/file", "x")];
        // A link to nothing inside can't be gone through; one that leads to the root itself can.
        let _ = stage.unpack(&[layer]);
        stage.assert_untouched();
        outside.assert_untouched();
        assert!(!Path::new("/tmp/new").exists());
    }
    // A file of the same name as a link replaces the link, and doesn't write through it.
    let stage = Stage::new();
    let target = format!("{}/file", outside.outside());
    stage
        .unpack(&[vec![link(EntryType::Symlink, "file", &target)], vec![file("file", "own")]])
        .expect("it is harmless");
    assert_eq!(stage.found(), ["file: own"]);
    outside.assert_untouched();
    // So does a folder; and deleting through a link deletes nothing outside.
    let stage = Stage::new();
    stage
        .unpack(&[
            vec![link(EntryType::Symlink, "way", &outside.outside())],
            vec![file("way/.wh.file", ""), file("way/.wh..wh..opq", "")],
        ])
        .expect("there is nothing to delete");
    outside.assert_untouched();
    let stage = Stage::new();
    stage
        .unpack(&[
            vec![link(EntryType::Symlink, "way", &outside.outside())],
            vec![folder("way"), file("way/own", "x")],
        ])
        .expect("it is harmless");
    assert_eq!(stage.found(), ["way/", "way/own: x"]);
    outside.assert_untouched();
    // A second name for a link is a link; it is not gone through.
    let stage = Stage::new();
    stage
        .unpack(&[
            vec![link(EntryType::Symlink, "a", &target), link(EntryType::Link, "b", "a")],
            vec![file("b", "own")],
        ])
        .expect("it is harmless");
    outside.assert_untouched();
}

#[test]
fn rights_and_devices_are_left_out() {
    let stage = Stage::new();
    let mut program = file("program", "#!");
    program.mode = 0o4711;
    let mut secret = file("secret", "x");
    secret.mode = 0o600;
    let items = vec![
        program,
        secret,
        folder("folder"),
        link(EntryType::Char, "null", ""),
        link(EntryType::Fifo, "pipe", ""),
    ];
    stage.unpack(&[items]).expect("it can be unpacked");
    let mode = |name: &str| stage.path("root").join(name).metadata().expect("it is there").mode() & 0o7777;
    assert_eq!((mode("program"), mode("secret"), mode("folder")), (0o755, 0o644, 0o755));
    assert_eq!(stage.found().len(), 3);
}

#[test]
fn layers_delete_and_replace() {
    let base = || vec![file("etc/a", "1"), file("etc/b", "1"), file("var/log/x", "1"), file("opt", "1")];
    check(
        &[base(), vec![file("etc/.wh.a", "")]],
        Ok(&["etc/", "etc/b: 1", "opt: 1", "var/", "var/log/", "var/log/x: 1"]),
    );
    // What the layer brings itself stays, even if it is named first.
    check(
        &[base(), vec![file("etc/c", "2"), file("etc/.wh..wh..opq", ""), file(".wh.var", "")]],
        Ok(&["etc/", "etc/c: 2", "opt: 1"]),
    );
    check(&[base(), vec![file("opt/inside", "2")]], Err("file"));
    check(
        &[base(), vec![folder("opt"), file("opt/inside", "2"), file("var", "2"), file(".wh.etc", "")]],
        Ok(&["opt/", "opt/inside: 2", "var: 2"]),
    );
    check(&[vec![file(".wh..wh.plnk", ""), file(".wh.", "")]], Ok(&[]));
}

#[test]
fn an_archive_has_limits() {
    check(&[vec![file("a", &"x".repeat(600)), file("b", &"x".repeat(600))]], Err("too_large"));
    let many: Vec<Item> = (0..101).map(|number| file(&format!("f{number}"), "")).collect();
    check(&[many], Err("too_large"));
    // Names don't fit in a header's hundred bytes when they go deep; the limit is told by the path itself.
    assert!(super::root::split("d/".repeat(200).as_bytes()).is_err());
    assert!(super::root::split(&[b'd'; 300]).is_err());
    assert!(super::root::split("d/".repeat(100).as_bytes()).is_ok_and(|parts| parts.len() == 100));
}

/// A saved image of one small layer, as `docker save` or the OCI layout has it.
fn saved(kind: &str, items: &[Item]) -> Vec<Item> {
    let tar = archive(items);
    let content = Digest::of(tar.as_slice()).expect("memory can be read");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&tar).expect("memory takes all");
    let packed = packed.finish().expect("memory takes all");
    let architecture = super::architecture();
    let config = format!(
        r#"{{"architecture":"{architecture}","os":"linux","rootfs":{{"type":"layers","diff_ids":["{content}"]}}}}"#
    );
    let bytes = |path: String, content: Vec<u8>| Item { path: path.into_bytes(), content, ..file("", "") };
    if kind == "docker" {
        let manifest = r#"[{"Config":"config.json","RepoTags":["own:1"],"Layers":["one/layer.tar"]}]"#;
        return vec![
            file("manifest.json", manifest),
            file("config.json", &config),
            bytes("one/layer.tar".into(), tar),
        ];
    }
    let (layer, config_digest) =
        (Digest::of(packed.as_slice()).expect("memory can be read"), Digest::of_text(&config));
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"digest":"{config_digest}","size":{}}},"layers":[{{"digest":"{layer}","size":{}}}]}}"#,
        config.len(),
        packed.len()
    );
    let manifest_digest = Digest::of_text(&manifest);
    let index = format!(
        r#"{{"manifests":[{{"digest":"sha256:{}","size":1,"platform":{{"os":"linux","architecture":"other"}}}},{{"digest":"{manifest_digest}","size":{},"platform":{{"os":"linux","architecture":"{architecture}"}}}}]}}"#,
        "0".repeat(64),
        manifest.len()
    );
    vec![
        file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
        file("index.json", &index),
        bytes(manifest_digest.path(), manifest.into_bytes()),
        bytes(config_digest.path(), config.into_bytes()),
        bytes(layer.path(), packed),
    ]
}

fn python() -> Vec<Item> {
    let mut interpreter = file("usr/local/bin/python3.13", "#!/bin/sh\n");
    interpreter.mode = 0o755;
    vec![interpreter, file("lib64/ld-linux-x86-64.so.2", ""), file("etc/hostname", "builder\n")]
}

async fn unpack_saved(items: &[Item]) -> (tempfile::TempDir, Result<String, &'static str>) {
    let place = tempfile::tempdir().expect("a folder");
    let source = place.path().join("image.tar");
    fs::write(&source, archive(items)).expect("a file");
    let request = UnpackRequest {
        source,
        reference: "own:1".into(),
        // No bubblewrap on this path: what was saved here has no interpreter that could run.
        environment: vec![("PATH".into(), "/nowhere".into())],
        built_at: "2026-11-30T08:00:00Z".into(),
    };
    let store = Store::new(place.path().join("images"));
    let unpacked = unpack(&store, &request, &Reporter::silent()).await;
    let current = store.current().expect("it can be read");
    let left: Vec<_> =
        fs::read_dir(store.folder()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".build")), "{left:?}");
    let got = unpacked.map_err(|error| error.code).map(|image| {
        assert_eq!(current.as_ref(), Some(&image));
        assert_eq!(fs::read_to_string(image.root.join("etc/hostname")).ok().as_deref(), Some("sandbox\n"));
        assert_eq!(image.root.metadata().expect("it is there").permissions().mode() & 0o777, 0o755);
        assert!(image.manifest.missing.contains(&"git".to_owned()) && !image.manifest.is_compiled);
        image.manifest.python
    });
    (place, got)
}

#[tokio::test]
async fn saved_images_are_unpacked_and_checked() {
    for kind in ["docker", "oci"] {
        let (_place, got) = unpack_saved(&saved(kind, &python())).await;
        assert_eq!(got.as_deref(), Ok("/usr/local/bin/python3.13"), "{kind}");
        let (_place, got) = unpack_saved(&saved(kind, &[file("usr/bin/python3.12", "")])).await;
        assert_eq!(got.as_deref(), Err(&"no_python"), "{kind}");
        // Another byte in the layer, or in what names it.
        for index in 1..saved(kind, &python()).len() {
            let mut items = saved(kind, &python());
            if let Some(byte) = items[index].content.iter_mut().rev().find(|byte| byte.is_ascii_hexdigit()) {
                *byte = if *byte == b'0' { b'1' } else { b'0' };
            }
            let (_place, got) = unpack_saved(&items).await;
            assert!(got.is_err(), "{kind}: entry {index} was changed");
        }
    }
    let (_place, got) = unpack_saved(&[file("readme.txt", "no image")]).await;
    assert_eq!(got, Err("no_image"));
}

#[test]
fn images_are_listed_used_and_removed() {
    let place = tempfile::tempdir().expect("a folder");
    let store = Store::new(place.path());
    assert_eq!((store.list().map(|all| all.len()), store.current()), (Ok(0), Ok(None)));
    symlink("../elsewhere", place.path().join("current")).expect("a link");
    assert_eq!(store.current(), Ok(None), "a link to elsewhere is none of ours");
    for id in ["../elsewhere", "", ".lock", "a/b"] {
        assert!(store.remove(id).is_err_and(|error| error.code == "not_found"), "{id}");
    }
}

#[tokio::test]
async fn what_a_build_started_holds_its_place() {
    let place = tempfile::tempdir().expect("a folder");
    let store = Store::new(place.path());
    let lock = store.lock(&Reporter::silent()).await.expect("nobody else");
    let mut outliving = std::process::Command::new("sleep").arg("100").spawn().expect("sleep");
    drop(lock);
    let is_free = || fs::File::open(place.path().join(".lock")).expect("it is there").try_lock().is_ok();
    assert!(!is_free(), "a program that outlived the build may still write there");
    outliving.kill().and_then(|()| outliving.wait()).expect("it ends");
    assert!(is_free());
}

#[tokio::test]
async fn what_a_cut_build_left_is_deleted_when_asked() {
    let place = tempfile::tempdir().expect("a folder");
    let store = Store::new(place.path());
    for name in [".build-1/image/root", ".pull-2", ".removed-3", "kept/root"] {
        fs::create_dir_all(place.path().join(name)).expect("a folder");
    }
    assert_eq!(store.leftovers().map(|all| all.len()), Ok(3));
    assert_eq!(store.remove_leftovers(&Reporter::silent()).await, Ok(3));
    assert_eq!(store.leftovers(), Ok(Vec::new()));
    assert!(place.path().join("kept/root").exists());
}

/// Only root can mount.
#[test]
fn what_is_mounted_is_not_deleted() {
    use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = tempfile::tempdir().expect("a folder");
    let (work, mounted) = (place.path().join("work"), place.path().join("work/root/sys"));
    fs::create_dir_all(&mounted).expect("a folder");
    if mount("tmpfs", &mounted, "tmpfs", MountFlags::empty(), None::<&std::ffi::CStr>).is_err() {
        return;
    }
    fs::write(mounted.join("of-the-machine"), "").expect("a file");
    let removed = super::store::remove_any(&work);
    let is_there = mounted.join("of-the-machine").exists();
    unmount(&mounted, UnmountFlags::DETACH).expect("it is mounted");
    assert!(is_there && removed.is_err_and(|error| error.to_string().contains("mounted")));
    super::store::remove_any(&work).expect("nothing is mounted any more");
    assert!(!work.exists());
}
