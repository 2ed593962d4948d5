// What htmx leaves open: our problems land in the live region, anything else that fails is told there in words.
const region = () => document.querySelector('#problems');

function tell(words) {
  const notice = document.createElement('div');
  notice.className = 'notice bad';
  const text = document.createElement('span');
  text.textContent = words;
  notice.append(document.createElement('span'), text);
  region()?.replaceChildren(notice);
}

document.addEventListener('htmx:beforeRequest', () => region()?.replaceChildren());

document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if (detail.xhr.status < 400 || detail.xhr.status === 422) return;
  // A proxy's error page never replaces what somebody is looking at; only a problem of ours is shown.
  if (detail.xhr.getResponseHeader('HX-Retarget')) detail.shouldSwap = true;
  else tell('The portal answered with an error. What you typed is still here; load the page again to see what counted.');
});

document.addEventListener('htmx:sendError', () => {
  tell('The portal did not answer. What you typed is still here. Try again in a moment.');
});

document.addEventListener('htmx:timeout', () => {
  tell('The portal took too long to answer. Load the page again to see whether it counted.');
});
