//! What a person tells of what they share, page by page, and to whom.

use crate::stage::{Stage, path, soon, user};
use std::sync::Arc;
use waxwing::link::AskError;
use waxwing::model::{Audience, Keywords, Name, Share, ShareId};
use waxwing::peer::{Published, ShareFolder};
use waxwing::wire::Code;
use waxwing::wire::index::{Behind, Browse, NameSaid, Named, PathSaid};

fn ask() -> Browse {
    Browse { id: 0, user: Named(user("bob")), share: None, after: None, below: None }
}

/// Puts what is in the share onto the shelf under this name.
fn share(stage: &Stage, number: u8, name: &str, audience: Audience) {
    let folder = Arc::new(ShareFolder::open(&stage.at("share")).unwrap());
    let files = folder.scan().unwrap().files;
    let files =
        files.iter().map(|file| Published { entry: file.entry(None).unwrap(), stamp: file.stamp });
    let (id, name) = (ShareId::from_bytes([number; 16]), Name::new(name).unwrap());
    let share = Share { id, name, keywords: Keywords::default(), audience };
    stage.bob.shelf().put(share, folder, files.collect());
}

/// All that Alice is told, as `SHARE/PATH`, and in how many pages.
async fn all(stage: &Stage, ask: Browse) -> Result<(Vec<String>, usize), Code> {
    let (mut told, mut ask, mut pages) = (Vec::new(), ask, 0);
    loop {
        let page = match soon(stage.streams.conversation().ask(ask.clone())).await {
            Err(AskError::Refused { code, .. }) => return Err(code),
            page => page.unwrap(),
        };
        pages += 1;
        for seen in page.entries.iter() {
            let share = &page.shares[usize::from(seen.share)];
            assert_eq!(share.user.0, user("bob"));
            told.push(format!("{}/{}", share.name.0.as_str(), seen.entry.path.0));
            ask.after = Some(Behind {
                share: share.name.clone(),
                path: PathSaid(seen.entry.path.0.clone()),
            });
        }
        if !page.more {
            return Ok((told, pages));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_somebody_may_have_is_told_in_pages() {
    let stage = Stage::new().await;
    for at in 0..300 {
        stage.make(&format!("a/{at}"), b"");
    }
    // Beside the folder in the order of bytes, and not in it.
    for name in ["a.txt", "ab", "b/a"] {
        stage.make(name, b"");
    }
    share(&stage, 1, "second", Audience::Everyone);
    share(&stage, 2, "first", Audience::people([user("alice")]).unwrap());
    share(&stage, 3, "secret", Audience::people([user("carol")]).unwrap());

    let (told, pages) = all(&stage, ask()).await.unwrap();
    assert_eq!((told.len(), pages), (606, 3));
    assert!(told.is_sorted() && told[0].starts_with("first/"), "{:?}", &told[..3]);
    let of_share = |name: &str| Some(NameSaid(Name::new(name).unwrap()));
    let second = Browse { share: of_share("second"), ..ask() };
    assert_eq!(all(&stage, second.clone()).await.unwrap().0.len(), 303);
    let below = |text: &str| Browse { below: Some(PathSaid(path(text))), ..second.clone() };
    assert_eq!(all(&stage, below("a")).await.unwrap().0.len(), 300);
    assert_eq!(all(&stage, below("a.txt")).await.unwrap().0, ["second/a.txt"]);
    assert_eq!(all(&stage, below("b")).await.unwrap().0, ["second/b/a"]);
    assert!(all(&stage, below("c")).await.unwrap().0.is_empty());

    // What is not for her, what is not there and what is of somebody else is answered alike.
    for name in ["secret", "third"] {
        let ask = Browse { share: of_share(name), ..ask() };
        assert_eq!(all(&stage, ask).await, Err(Code::NotFound), "{name}");
    }
    let of_carol = Browse { user: Named(user("carol")), ..ask() };
    assert_eq!(all(&stage, of_carol).await, Err(Code::NotFound));
}
