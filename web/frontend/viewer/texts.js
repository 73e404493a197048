// The island's own words, in the language of the page.
const TEXTS = {
  ja: {
    diagram: '業務の流れの図',
    controls: '図の表示',
    here: 'いまの場所へ',
    changed: '変わった場所へ',
    whole: '全体を表示',
    larger: '拡大',
    smaller: '縮小',
    failed: '図を表示できませんでした。ページを読み込み直してください。それでも表示されないときは、文章の一覧で流れを確かめ、システムの担当者に知らせてください。',
  },
  en: {
    diagram: 'Diagram of the process',
    controls: 'Diagram view',
    here: 'Go to where it is now',
    changed: 'Go to what changed',
    whole: 'Show all',
    larger: 'Zoom in',
    smaller: 'Zoom out',
    failed: 'The diagram could not be shown. Reload the page. If it still does not appear, use the outline in words and tell the person in charge of the system.',
  },
};

export function texts() {
  return TEXTS[document.documentElement.lang.slice(0, 2)] || TEXTS.ja;
}
