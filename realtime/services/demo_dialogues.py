"""What the simulated customers and agents of `--demo` say: the stage is `demo_team.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

MARK: Final = "(demo)"

PORTUGUESE: Final = "pt"
SPANISH: Final = "es"
ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True)
class Line:
    """
    One message. `first` is what was sent before it was corrected into `text`; a `mistaken`
    one is deleted a moment later; `reaction` is the other side's; after one that `waits`,
    the conversation is pending until the customer comes back.
    """

    sender: str
    text: str
    type: str = "text"
    reaction: str = ""
    first: str = ""
    mistaken: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One visit of a customer, from the first word to the rating (None: never given)."""

    language: str
    lines: tuple[Line, ...]
    rating: int | None = None
    feedback: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer: `chat` is the uuid of the one conversation that this customer ever has."""

    chat: str
    name: str
    language: str
    origin: str


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of the team: the name of the account, and what languages she answers in."""

    name: str
    languages: tuple[str, ...]


TEAM: Final = (
    Agent("ana-demo", (PORTUGUESE, SPANISH)),
    Agent("bruno-demo", (PORTUGUESE, ENGLISH)),
    Agent("lucia-demo", (SPANISH, ENGLISH)),
)
CUSTOMERS: Final = "clientes-demo"
"""The account that records what customers say and do."""

BOT: Final = "bot-demo"
"""The account of the bot."""


def _contact(slug: str, name: str, language: str, origin: str) -> Contact:
    return Contact(f"demo-{slug}", f"{name} {MARK}", language, origin)


CONTACTS: Final = (
    _contact("joao", "João Silva", PORTUGUESE, "whatsapp"),
    _contact("mariana", "Mariana Costa", PORTUGUESE, "web"),
    _contact("rafael", "Rafael Souza", PORTUGUESE, "telegram"),
    _contact("beatriz", "Beatriz Almeida", PORTUGUESE, "whatsapp"),
    _contact("tiago", "Tiago Ferreira", PORTUGUESE, "email"),
    _contact("helena", "Helena Duarte", PORTUGUESE, "instagram"),
    _contact("carmen", "Carmen Ruiz", SPANISH, "web"),
    _contact("diego", "Diego Fernández", SPANISH, "whatsapp"),
    _contact("valentina", "Valentina Rojas", SPANISH, "instagram"),
    _contact("andres", "Andrés Molina", SPANISH, "telegram"),
    _contact("nuria", "Núria Puig", SPANISH, "email"),
    _contact("hector", "Héctor Salas", SPANISH, "whatsapp"),
    _contact("emily", "Emily Carter", ENGLISH, "web"),
    _contact("oliver", "Oliver Wright", ENGLISH, "email"),
    _contact("priya", "Priya Nair", ENGLISH, "whatsapp"),
    _contact("noah", "Noah Bennett", ENGLISH, "web"),
    _contact("grace", "Grace Okafor", ENGLISH, "telegram"),
    _contact("liam", "Liam O'Connor", ENGLISH, "instagram"),
)


def _customer(text: str, reaction: str = "", *, type: str = "text") -> Line:
    return Line("customer", text, type, reaction)


def _agent(text: str, reaction: str = "", *, first: str = "", waits: bool = False) -> Line:
    return Line("agent", text, reaction=reaction, first=first, waits=waits)


def _bot(text: str) -> Line:
    return Line("bot", text)


def _by_mistake(text: str) -> Line:
    return replace(_agent(text), mistaken=True)


DIALOGUES: Final = (
    Dialogue(
        PORTUGUESE,
        (
            _customer("Oi, bom dia! Meu pedido 48213 ainda não chegou 😕"),
            _bot("Olá! Um atendente já vai falar com você."),
            _agent("Bom dia! Vou verificar o pedido 48213, só um instante."),
            _customer("Obrigado!"),
            _agent(
                "Ele saiu hoje do centro de distribuição e chega amanhã até as 18h.",
                "👍",
                first="Ele saiu hoje do centro de distribuição e chega amanhã até as 8h.",
            ),
            _customer("Perfeito, era isso. Valeu pela ajuda!", "❤️"),
        ),
        5,
        "Excelente atendimento!",
    ),
    Dialogue(
        PORTUGUESE,
        (
            _customer("Boa tarde, fui cobrada duas vezes neste mês."),
            _agent("Boa tarde! Sinto muito por isso. Pode me enviar uma imagem da fatura?", waits=True),
            _customer("https://example.com/demo/fatura.png", type="image"),
            _agent("Recebi. A segunda cobrança já foi estornada, aparece em até 3 dias úteis."),
            _customer("Que rápido, muito obrigada 🙏", "😊"),
        ),
        5,
        "Resolveram na hora.",
    ),
    Dialogue(
        PORTUGUESE,
        (
            _customer("Não consigo entrar na minha conta"),
            _bot("Olá! Enquanto espera: já tentou redefinir a senha?"),
            _customer("Já, mas o e-mail não chega."),
            _agent("Oi! Reenviei agora. Pode olhar também na caixa de spam?"),
            _customer("Achei! Estava no spam."),
            _agent("Ótimo! Marque como remetente confiável para não acontecer de novo. 😉"),
        ),
        4,
    ),
    Dialogue(
        PORTUGUESE,
        (
            _customer("Vocês entregam em Portugal?"),
            _agent("Olá! Sim, entregamos em Portugal continental e nas ilhas."),
            _customer("E quanto tempo demora?"),
            _agent("De 6 a 9 dias úteis. O frete é grátis acima de 60 €.", "👏"),
            _customer("Ótimo, vou comprar hoje ainda."),
        ),
        5,
    ),
    Dialogue(
        PORTUGUESE,
        (
            _customer("O produto chegou com a caixa amassada."),
            _customer("https://example.com/demo/caixa.jpg", type="image"),
            _by_mistake("Segue a planilha de plantões de dezembro."),
            _agent("Desculpe, essa mensagem não era para você. Sobre a caixa: prefere troca ou desconto de 15%?"),
            _customer("Pode ser o desconto."),
            _agent("Feito. O valor volta para o seu cartão nesta semana."),
        ),
        3,
        "Resolveu, mas demorou um pouco.",
    ),
    Dialogue(
        SPANISH,
        (
            _customer("Buenos días, quiero cambiar la dirección de entrega de mi pedido."),
            _bot("¡Hola! En seguida le atiende una persona."),
            _agent(
                "Buenos días, con gusto. ¿Me indica la nueva dirección?",
                first="Buenos días, con gusto. ¿Me indica la dirreción?",
            ),
            _customer("Calle Larios 12, 3.º B, Málaga"),
            _agent("Listo, ya está cambiada. Le llegará el jueves por la mañana.", "👍"),
            _customer("Muchas gracias, muy amable.", "😊"),
        ),
        5,
        "Muy amables y rápidos.",
    ),
    Dialogue(
        SPANISH,
        (
            _customer("Hola, la aplicación se cierra sola al abrir la cámara"),
            _agent("¡Hola! ¿Qué modelo de teléfono tiene y qué versión de la aplicación?", waits=True),
            _customer("Un Pixel 7, versión 4.2.0"),
            _agent("Es un fallo conocido de la 4.2.0. La 4.2.1 ya lo corrige: ¿puede actualizar?"),
            _customer("Actualizada y funciona 🎉", "🎉"),
        ),
        4,
        "Buena ayuda.",
    ),
    Dialogue(
        SPANISH,
        (
            _customer("¿Cuándo abren la tienda del centro?"),
            _bot("De lunes a sábado, de 10:00 a 20:30."),
            _customer("¿Y este domingo?"),
            _agent("Este domingo abrimos de 11:00 a 15:00, por la campaña. ¡La esperamos!", "👍"),
        ),
        None,
    ),
    Dialogue(
        SPANISH,
        (
            _customer("Llevo tres días esperando el reembolso."),
            _agent("Lo siento mucho. Déjeme mirar el estado con el banco."),
            _customer("Siempre dicen lo mismo…"),
            _agent("Tiene razón en estar molesto. El banco lo ha rechazado por la cuenta; ¿me confirma los 4 últimos?"),
            _customer("6671"),
            _agent("Corregido: es la 6617. El reembolso sale hoy y lo verá en 24 horas.", waits=True),
            _customer("Ya lo tengo, gracias."),
        ),
        2,
        "Al final sí, pero tardó demasiado.",
    ),
    Dialogue(
        SPANISH,
        (
            _customer("¿Puedo pagar en cuotas?"),
            _agent("Sí, en 3, 6 o 12 cuotas; hasta 6 son sin intereses."),
            _customer("Perfecto, entonces en 6."),
            _agent("Le dejo el enlace de pago preparado en su cuenta.", "❤️"),
        ),
        5,
    ),
    Dialogue(
        ENGLISH,
        (
            _customer("Hi there, I think I ordered the wrong size."),
            _bot("Hello! Someone from the team is on the way."),
            _agent("Hi! No problem, it has not shipped yet. Which size do you need?"),
            _customer("A medium, please."),
            _agent("Done: one medium, same colour. It ships tomorrow.", "🙌", first="Done: one large, same colour."),
            _customer("You are a star, thanks!", "⭐"),
        ),
        5,
        "Quick and friendly.",
    ),
    Dialogue(
        ENGLISH,
        (
            _customer("My invoice shows last year's address."),
            _agent("Sorry about that. Which address should it show?"),
            _customer("14 Harbour Lane, Bristol BS1"),
            _agent("Corrected. The new invoice is in your inbox.", waits=True),
            _customer("Got it, looks right now."),
        ),
        4,
    ),
    Dialogue(
        ENGLISH,
        (
            _customer("Is the export to CSV still limited to 10k rows?"),
            _agent("Hi! Not any more: since this month it streams the whole table."),
            _customer("Brilliant. Semicolons or commas?"),
            _agent("Commas by default; you can choose in the export dialog.", "👍"),
            _customer("That is all I needed 👌"),
        ),
        5,
        "Knows the product.",
    ),
    Dialogue(
        ENGLISH,
        (
            _customer("The parcel was left in the rain and the books are soaked."),
            _customer("https://example.com/demo/books.jpg", type="image"),
            _agent("Oh no, I am sorry to see that. A new set goes out today, free of charge."),
            _by_mistake("@bruno can you take the next one? I need a coffee"),
            _customer("Thank you, that is fair."),
        ),
        4,
        "They replaced everything.",
    ),
    Dialogue(
        ENGLISH,
        (
            _customer("Can I pause my subscription over the summer?"),
            _agent("You can: up to three months, under Account → Plan."),
            _customer("Found it. Cheers."),
        ),
        None,
    ),
)
