import router from "@adonisjs/core/services/router";

// not among router.use: a webhook's body must arrive unread
export const middleware = router.named({ bodyParser: () => import("@adonisjs/core/bodyparser_middleware") });
