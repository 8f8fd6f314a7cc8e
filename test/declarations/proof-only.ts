/** The proof is data; one more step of the preset is not: decryption, XML, an outgoing request, an authenticated look-up of keys. */
import { defineProvider, scheme } from "@countersign/core";
import { jwt, keyFetcher } from "./mechanisms.js";

const snsContent =
  "Message\n{json:Message}\nMessageId\n{json:MessageId}\n[Subject\n{json:Subject}\n][SubscribeURL\n{json:SubscribeURL}\n]Timestamp\n{timestamp}\n[Token\n{json:Token}\n]TopicArn\n{json:TopicArn}\nType\n{json:Type}\n";
const sns = {
  publicKey: {
    url: "json:SigningCertURL",
    as: "certificate",
    hosts: ["sns.*.amazonaws.com", "sns.*.amazonaws.com.cn"],
    mechanism: keyFetcher,
  },
  signature: { from: "json:Signature", encoding: "base64" },
  content: snsContent,
  timestamp: { from: "json:Timestamp", unit: "iso", tolerance: 3600 },
  id: "json:MessageId",
} as const;
const wecomPost = { algorithm: "sha1", secret: "utf8", signature: { from: "query:msg_signature", encoding: "hex" } } as const;
const wecomTime = { from: "query:timestamp", unit: "s", tolerance: 300 } as const;

export const proofOnly = [
  // SubscriptionConfirmation needs an outgoing GET
  defineProvider({
    name: "aws-sns",
    type: "json:Type",
    answerWithin: 15,
    schemes: [
      scheme({ ...sns, algorithm: "rsa-sha256", when: { "json:SignatureVersion": "2" } }),
      scheme({ ...sns, algorithm: "rsa-sha1", when: { "json:SignatureVersion": "1" } }),
    ],
    retriesFor: 3600,
  }),
  // keys come from an authenticated POST: the user's own resolver
  defineProvider({
    name: "plaid",
    algorithm: "jwt-es256",
    mechanism: jwt,
    publicKey: "jwk",
    token: { from: "header:plaid-verification" },
    require: { "claim:request_body_sha256": "{body|sha256-hex}" },
    timestamp: { from: "claim:iat", unit: "s", tolerance: 300 },
    type: ["json:webhook_type", "json:webhook_code"],
    answerWithin: 10,
    signedAnew: true,
    retriesFor: 86_400,
  }),
  // decryption
  defineProvider({
    name: "feishu-lark",
    algorithm: "sha256",
    secret: "utf8",
    signature: { from: "header:x-lark-signature", encoding: "hex" },
    content: "{timestamp}{header:x-lark-request-nonce}{secret}{body}",
    timestamp: { from: "header:x-lark-request-timestamp", unit: "s", tolerance: 300 },
    id: { either: ["json:header.event_id", "json:uuid"] },
    type: { either: ["json:header.event_type", "json:event.type"] },
    handshake: [{ when: { "json:type": "url_verification" }, unsigned: true, reply: { json: { challenge: "{json:challenge}" } } }],
    answerWithin: 3,
  }),
  defineProvider({
    name: "wechat-pay-v3",
    algorithm: "rsa-sha256",
    publicKey: "pem",
    signature: { from: "header:wechatpay-signature", encoding: "base64" },
    content: "{timestamp}\n{header:wechatpay-nonce}\n{body}\n",
    timestamp: { from: "header:wechatpay-timestamp", unit: "s", tolerance: 300 },
    id: "json:id",
    type: "json:event_type",
    answerWithin: 5,
    signedAnew: true,
    retriesFor: 86_640,
  }),
  // decryption, and an encrypted reply
  defineProvider({
    name: "dingtalk",
    ...wecomPost,
    content: { sorted: ["{secret}", "{timestamp}", "{query:nonce}", "{json:encrypt}"] },
    timestamp: { from: "query:timestamp", unit: "ms", tolerance: 300 },
  }),
  // decryption, XML
  defineProvider({
    name: "wecom",
    answerWithin: 5,
    methods: ["POST", "GET"],
    schemes: [
      scheme({
        ...wecomPost,
        when: { method: "GET" },
        content: { sorted: ["{secret}", "{timestamp}", "{query:nonce}", "{query:echostr}"] },
        timestamp: wecomTime,
      }),
      scheme({
        ...wecomPost,
        when: { method: "POST" },
        content: { sorted: ["{secret}", "{timestamp}", "{query:nonce}", "{json:encrypt}"] },
        timestamp: wecomTime,
      }),
    ],
  }),
  defineProvider({
    name: "wechat-mp",
    ...wecomPost,
    signature: { from: "query:signature", encoding: "hex" },
    content: { sorted: ["{secret}", "{timestamp}", "{query:nonce}"] },
    timestamp: wecomTime,
    handshake: [{ when: { method: "GET", "query:echostr": true }, reply: { text: "{query:echostr}" } }],
    success: { text: "success" },
    answerWithin: 5,
  }),
];
