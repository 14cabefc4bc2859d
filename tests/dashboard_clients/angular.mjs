// The Angular service, as an injector makes it.
import { instanceOf } from "@angular/core";
import { obey, tell, token } from "./harness.mjs";
import { WebSocketService } from "./seed.mjs";

const service = instanceOf(WebSocketService);
service.getMessages().subscribe((message) => tell(message.type, message.data));
service.connect(token);
obey({ send: (frame) => service.send(frame), disconnect: () => service.disconnect() });
