// The script's own words, in the language of the page.
const TEXTS = {
  ja: {
    draftSaved: (time) => `下書きを保存しました（${time}）`,
    draftFailed: '下書きを保存できませんでした。入力はこの画面に残っています。通信を確かめてください。',
    draftSignIn: '下書きを保存できませんでした。別の画面でサインインし直すと、この画面の入力をそのまま送れます。',
    offline: 'サーバーに接続できません。入力した内容はこの画面に残っています。つながったら、もう一度送ってください。',
    online: 'つながりました。もう一度送ってください。',
    draftRefused: '下書きを保存できませんでした。この作業はほかの職員が進めたおそれがあります。入力を控えてから、ページを読み込み直してください。',
  },
  en: {
    draftSaved: (time) => `Draft saved (${time})`,
    draftFailed: 'The draft could not be saved. What you typed is still on this page. Check the connection.',
    draftSignIn: 'The draft could not be saved. Sign in again in another tab, then go on here: what you typed is kept.',
    offline: 'Cannot reach the server. Your text is still on this page. Send it again when you are connected.',
    online: 'You are connected again. Send it once more.',
    draftRefused: 'The draft could not be saved. Somebody else may have gone on with this task. Note what you typed, then reload.',
  },
};

export function texts() {
  return TEXTS[document.documentElement.lang.slice(0, 2)] || TEXTS.ja;
}
