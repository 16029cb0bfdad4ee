# /help, besides what stands in the table of verbs.

help-a-heading = 묶음별 명령
help-all = 전부
help-among = 문장 속에서
help-answer = 카드에 답장하면
help-answer-does = 완료, 마감 금요일, 배정 @dana. 다른 말은 메모로 남겨요
help-anybody = 누구나
help-at = 언제 기준
help-at-does = 조회 뒤에 붙이면 그때의 모습이에요: 금요일 기준, 어제 9시 기준, 3개월 전 기준, #4812 기준 (기록의 위치)
help-at-least = { $role } 이상
help-for-example = 예
help-lines = 다음 줄부터
help-lines-does = 설명이에요. - [ ] 로 시작하면 조건이 돼요
help-more = 더 보기
help-one-verb = 명령 하나를 자세히
help-sentence = 그냥 문장
help-sentence-does = 1:1 대화에서 쓰면 아이디어로 담아요
help-the-same = 같은 말
help-tokens = #태그 @사람 !낮음|!보통|!높음|!긴급 프로젝트:이름 마감:언제 필요:T3 위해:T7
help-tokens-does = 첫 줄이나 따로 한 줄에 써요. \#단어 는 그냥 단어예요
help-when = 언제
help-when-does = 금요일, 내일 9시, 2주 뒤, 11월 27일, 다음 주 월요일 오후 3시
help-who-may = 할 수 있는 사람
help-words = 문장 속 태그, 날짜, 사람
