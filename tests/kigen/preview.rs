//! `kigen notify --preview`: a message of each kind in each language as pages, and as a browser shows them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{kigen, not_tested};

/// The languages, each with a word that each of its misses has.
const LANGUAGES: [(&str, &str); 2] = [("en", "has no good result for"), ("ja", "期限に間に合っていません")];
/// How Debian calls its browser.
const BROWSER: &str = "chromium";
/// A page of a few messages of which nothing is drawn is a smaller picture than this, in bytes.
const PICTURE_BYTES_MIN: usize = 200_000;

fn preview(folder: &Path) -> Output {
    let mut kigen = kigen();
    kigen.args(["notify", "--preview"]).arg(folder).env_clear();
    kigen.output().expect("kigen runs")
}

#[test]
fn each_message_is_a_page_in_each_language() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let folder = dir.path().join("pages");
    let output = preview(&folder);
    let (shown, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(shown.contains("en.html and ja.html have all messages of a language"), "{shown}");
    for (language, words) in LANGUAGES {
        let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect("a page");
        let all = read(&format!("{language}.html"));
        assert!(all.contains(words) && all.contains(&format!("<html lang=\"{language}\">")), "{language}");
        let one = read(&format!("{language}/missed-failed.html"));
        assert!(one.contains(words) && one.len() < all.len() / 10, "{language}");
    }
    std::fs::write(dir.path().join("file"), "").expect("a file");
    let output = preview(&dir.path().join("file"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("file/en cannot be made"));
}

/// The pictures are in the folder of the test's files, for a person to look at.
#[test]
fn a_browser_shows_all_messages() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("preview");
    assert!(preview(&folder).status.success());
    for (language, _) in LANGUAGES {
        let picture = folder.join(format!("{language}.png"));
        let _ = std::fs::remove_file(&picture);
        let page = format!("file://{}", folder.join(format!("{language}.html")).display());
        let mut browser = Command::new(BROWSER);
        // Not as root it would have a sandbox, which a container does not let it have.
        browser.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]);
        browser.args(["--window-size=800,12000", &format!("--screenshot={}", picture.display()), &page]);
        let Ok(output) = browser.output() else {
            not_tested("the messages as pictures: install chromium and fonts-noto-cjk");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let bytes = std::fs::read(&picture).expect("a picture");
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > PICTURE_BYTES_MIN, "{}", bytes.len());
    }
}
