//! The few words that adapters say themselves, because the core knows nothing of what they are said about: a form's
//! buttons, what a platform cannot show. In every language people are spoken to in.

/// What an adapter says itself. See [`Phrases::of`].
#[derive(Debug, PartialEq, Eq)]
pub struct Phrases {
    /// On a list of choices, before one is chosen.
    pub choose: &'static str,
    /// The title of a form that has none.
    pub say_more: &'static str,
    /// The label of a field that has none.
    pub words: &'static str,
    /// Above the field of a form that nothing is known of any more.
    pub what_to_say: &'static str,
    /// On the button that sends a form.
    pub send: &'static str,
    /// On the button that closes it.
    pub cancel: &'static str,
    /// The title of a form for a new item.
    pub capture: &'static str,
    /// Above its field.
    pub what_is_it: &'static str,
    /// A picture that the platform does not take.
    pub no_picture: &'static str,
    /// Under the beginning of a text that is too long.
    pub whole_text_below: &'static str,
    /// What the file with the whole text is called.
    pub whole_text: &'static str,
    /// Something could not be kept.
    pub not_kept: &'static str,
    /// Something of a kind that is not known.
    pub not_understood: &'static str,
    /// A command that is not known any more.
    pub unknown_command: &'static str,
    /// Kept, and nothing to show for it.
    pub silent: &'static str,
    /// Somebody nobody knows looks where only people who are known are shown something.
    pub stranger: &'static str,
    /// A heading over what is somebody's own.
    pub mine: &'static str,
    /// A heading over the board.
    pub board: &'static str,
    /// A thread is wanted on what is no card.
    pub thread_on_cards_only: &'static str,
    /// The name of a thread on a card without words.
    pub thread: &'static str,
    /// A thread was opened; what it is written as stands in front.
    pub thread_is_open: &'static str,
    /// There is one; what it is written as stands behind.
    pub thread_is_there: &'static str,
    /// There cannot be one.
    pub no_threads_here: &'static str,
    /// The bot may not open one.
    pub thread_not_allowed: &'static str,
    /// It was not opened, and nobody knows why.
    pub thread_not_opened: &'static str,
    /// Where an item stands: open, under way, waiting, finished, dropped, pressing.
    pub standing: [&'static str; 6],
}

static ENGLISH: Phrases = Phrases {
    choose: "Choose",
    say_more: "Say more",
    words: "Words",
    what_to_say: "What is to be said",
    send: "OK",
    cancel: "Cancel",
    capture: "Capture",
    what_is_it: "What is it?",
    no_picture: "the picture could not be shown here",
    whole_text_below: "the whole text is in the file below",
    whole_text: "the whole text",
    not_kept: "Not kept: please try again in a moment. Nothing was done.",
    not_understood: "I do not know this kind of thing yet. It is written down for whoever runs me.",
    unknown_command: "I do not know this command any more: it may be of an older version. Try /help.",
    silent: "I have it, and there is nothing to show for it. Where I am not enabled yet I stay silent: a maintainer \
             can change that with /enable.",
    stranger: "We do not know each other yet. Write to me under Messages, and I tell you how to be let in.",
    mine: "Mine",
    board: "Board",
    thread_on_cards_only: "A thread can be opened on what I show: choose one of my cards.",
    thread: "Thread",
    thread_is_open: "is open: what is said to me there answers this card.",
    thread_is_there: "There is one already:",
    no_threads_here: "There are no threads in a direct chat.",
    thread_not_allowed: "I may not: somebody who manages this server has to give me the permission Create Public Threads here.",
    thread_not_opened: "Discord did not open a thread just now: please try again.",
    standing: ["open", "in progress", "waiting", "finished", "dropped", "urgent or overdue"],
};

static KOREAN: Phrases = Phrases {
    choose: "골라 주세요",
    say_more: "더 써 주세요",
    words: "내용",
    what_to_say: "무엇을 쓸까요?",
    send: "확인",
    cancel: "취소",
    capture: "담기",
    what_is_it: "무엇인가요?",
    no_picture: "여기서는 그림을 보여 줄 수 없어요",
    whole_text_below: "글 전체는 아래 파일에 있어요",
    whole_text: "글 전체",
    not_kept: "저장하지 못했어요. 잠시 뒤에 다시 해 주세요. 아무것도 하지 않았어요.",
    not_understood: "아직 모르는 종류예요. 저를 돌리는 분이 볼 수 있게 적어 두었어요.",
    unknown_command: "이제 없는 명령이에요. 예전 버전의 것일 수 있어요. /help 를 써 보세요.",
    silent: "잘 받았고, 보여 드릴 것은 없어요. 아직 켜지 않은 방에서는 말하지 않아요. 관리자가 /enable 로 켤 수 있어요.",
    stranger: "아직 서로 모르는 사이예요. 메시지 탭에서 저에게 써 주시면 들어오는 방법을 알려 드려요.",
    mine: "내 것",
    board: "보드",
    thread_on_cards_only: "스레드는 제가 보여 준 카드에만 열 수 있어요. 카드 하나를 골라 주세요.",
    thread: "스레드",
    thread_is_open: "스레드를 열었어요. 거기서 저에게 하는 말은 이 카드에 대한 답이 돼요.",
    thread_is_there: "이미 있어요:",
    no_threads_here: "1:1 대화에는 스레드가 없어요.",
    thread_not_allowed: "권한이 없어요. 서버를 관리하는 분이 여기서 ‘공개 스레드 만들기’ 권한을 주셔야 해요.",
    thread_not_opened: "방금 Discord가 스레드를 열지 못했어요. 다시 해 주세요.",
    standing: ["열림", "진행 중", "대기 중", "끝남", "그만둠", "급하거나 마감이 지남"],
};

impl Phrases {
    /// Those of a language by its code, whatever its region (`ko-KR`); English for every other, and for none.
    pub fn of(code: &str) -> &'static Self {
        let language = code.split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("ko") { &KOREAN } else { &ENGLISH }
    }

    /// Those of the language that words of the core are in, where nothing else is known.
    pub fn like(words: &str) -> &'static Self {
        if words.chars().any(|c| matches!(c, '가'..='힣')) { &KOREAN } else { &ENGLISH }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_with_and_without_a_region() {
        for code in ["ko", "ko-KR", "KO_kr"] {
            assert_eq!(Phrases::of(code), &KOREAN, "{code}");
        }
        for code in ["", "en", "kok", "de-AT"] {
            assert_eq!(Phrases::of(code), &ENGLISH, "{code}");
        }
        assert_eq!(Phrases::like("Refine I3 다듬기"), &KOREAN);
    }
}
