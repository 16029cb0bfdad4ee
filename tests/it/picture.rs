//! Pictures in the chat: why an item is as it is, drawn, with the words beside it.

use crate::stage::{Ground, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_can_be_asked_for_as_a_picture() {
    let (mut stage, kim, dana) = Stage::with_kim_and_dana(Ground::Disk).await;
    stage.say(&kim, "/idea 오프라인 모드 🚀").await;
    stage.say(&kim, "/promote I1 todo").await;
    stage.say(&kim, "/todo Fix login").await;
    stage.say(&kim, "/need T1 T2").await;
    stage.say(&dana, "/done T2").await;
    stage.say(&dana, "/doing T1").await;
    stage.forget();
    stage.say(&kim, "/why T1 picture").await;
    let shown: Vec<_> = kim.bot.shown(&kim.room).into_iter().map(|message| message.now).collect();
    let answer = shown.last().unwrap();
    let picture = answer.picture.as_ref().unwrap();
    assert!(picture.png.starts_with(b"\x89PNG") && picture.png.len() < 300_000, "{}", picture.png.len());
    assert_eq!(picture.name, "why-T1.png");
    assert!(picture.alt.starts_with("Why T1: 오프라인 모드 🚀."), "{}", picture.alt);
    assert!(answer.text.to_plain().contains("promoted"), "the words stand beside it: {}", answer.text);
    let kept = stage.state().join("pictures").join(format!("{}.png", picture.sha256));
    assert_eq!(std::fs::read(kept).unwrap(), picture.png.to_vec());

    // On a platform without pictures the words are the answer; there is none of what is not there.
    let said = stage.say(&dana, "/why T1 picture").await.concat();
    assert!(said.contains("promoted") && said.ends_with("(there are no pictures here)"), "{said}");
    let said = stage.say(&kim, "/why T9 picture").await.concat();
    assert!(said.contains("There is no T9"), "{said}");
    let said = stage.say(&kim, "/why T1 pictures").await.concat();
    assert!(said.contains("I don't know what to do with this"), "{said}");
}
