# Pictures: what stands in them, and the text beside them.

picture-none-here = (여기서는 그림을 보일 수 없어요)
picture-only-now = (그림은 지금 모습만 보여요. 시점을 빼고 다시 해 주세요)
picture-not-drawn = (그림 없음: { $why })
picture-why-alt = { $heading } { $title }. 변경 { $n }건을 일어난 순서대로 보여요.
picture-chart-alt = { $heading }, { $title }. 마지막 값: { $ends }.
picture-left-out = … 앞의 { $n }건은 뺐어요
picture-came-of-it = 여기서 나옴
picture-was-waiting = 이것을 기다림
chart-heading = 번업
chart-span = { $from }부터 { $to }까지
chart-day = { $year }년 { $month } { $day }일
chart-axis-day = { $month } { $day }일
chart-counted = 항목
chart-scope = 전체 할 일
chart-finished = 끝낸 것
chart-under-way = 진행 중
