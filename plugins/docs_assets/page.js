const dark = matchMedia("(prefers-color-scheme: dark)");
const followTheSystem = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followTheSystem);
followTheSystem();

const jsonLiteral = (body) => {
  try {
    return `JSON.stringify(${JSON.stringify(JSON.parse(body), null, 2)})`;
  } catch {
    return JSON.stringify(body);
  }
};

const asFetch = (request) => {
  const { url, method, headers, body } = request.toJS();
  const options = [`method: ${JSON.stringify(method)}`];
  options.push(`headers: ${JSON.stringify(headers, null, 2)}`);
  if (body) options.push(`body: ${jsonLiteral(body)}`);
  const lines = options.join(",\n").replaceAll("\n", "\n  ");
  return `await fetch(${JSON.stringify(url)}, {\n  ${lines},\n});`;
};

const snippets = (system) => ({
  fn: {
    requestSnippetGenerator_fetch: asFetch,
    requestSnippetGenerator_curl: (request) =>
      system.fn.requestSnippetGenerator_curl_bash(request),
  },
});

const hint = ({ React: { createElement }, specSelectors }) => {
  if (!specSelectors.paths().has("/api/auth/login")) {
    return createElement("p", null, "Your token goes into Authorize.");
  }
  const signup = createElement("a", { href: "#/auth/signup" }, "Sign up");
  const login = createElement("a", { href: "#/auth/login" }, "log in");
  const rest = " here, and this page sends your token with every request. ";
  const elsewhere = "A token from elsewhere goes into Authorize.";
  return createElement("p", null, signup, " or ", login, rest, elsewhere);
};

const hintBesideTheButton = () => ({
  wrapComponents: {
    authorizeBtn: (Button, system) => (props) => {
      const { createElement, Fragment } = system.React;
      return createElement(Fragment, null, hint(system), createElement(Button, props));
    },
  },
});

const ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  persistAuthorization: true,
  displayOperationId: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  plugins: [snippets, hintBesideTheButton],
  requestSnippetsEnabled: true,
  requestSnippets: {
    generators: {
      fetch: { title: "fetch", syntax: "javascript" },
      curl: { title: "curl", syntax: "bash" },
    },
    languages: ["fetch", "curl"],
  },
  responseInterceptor(response) {
    const token = response.ok && response.body?.token;
    if (token) {
      ui.preauthorizeApiKey("bearer", token);
      ui.authActions.persistAuthorizationIfNeeded();
    }
    return response;
  },
});

addEventListener("hashchange", () => ui.layoutActions.parseDeepLinkHash(location.hash));
