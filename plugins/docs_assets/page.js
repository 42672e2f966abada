window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  persistAuthorization: true,
  displayOperationId: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
