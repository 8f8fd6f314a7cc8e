import "reflect-metadata";
import { createVerifier, Event, type EventFrom, Webhook } from "@countersign/nest";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { Controller, Module, Post } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";

const verifier = createVerifier({
  provider: standardWebhooks({ secret: process.env.WEBHOOK_SECRET }),
});

@Controller("webhooks")
class WebhooksController {
  @Post()
  @Webhook(verifier)
  async onEvent(@Event() event: EventFrom<typeof verifier>): Promise<void> {
    console.log("accepted", event.id, event.type);
  }
}

@Module({ controllers: [WebhooksController] })
class AppModule {}

// a signature is over the received bytes: without them every delivery is answered 500
const app = await NestFactory.create(AppModule, { rawBody: true });
await app.listen(Number(process.env.PORT ?? 3000));
