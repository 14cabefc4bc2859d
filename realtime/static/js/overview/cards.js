// The figures as cards: the value, what it means, and how it went day by day.

import { Spark } from "../components/spark.js";
import { Tip } from "../components/tip.js";
import { html } from "../html.js";
import { duration } from "../times.js";
import { decimal, number, percent, t, tn } from "../words.js";

/** All cards of `report` (GET /api/v1/metrics/); null in it is a figure without a sample. */
export function Cards({ report }) {
  const { counts, days } = report;
  const trend = (name) => days.map((day) => day[name]);
  return html`<ul class="cards" role="list">
    <${Card} name="open" label=${t("Open now")} value=${number(report.open_conversations)}
      text=${t("Conversations that are not closed at this moment, whenever they began. The line: how many were open at the end of each day.")}
      foot=${tn("of %(n)s conversation in all", "of %(n)s conversations in all", report.total_conversations)} trend=${trend("open")} />
    <${Card} name="total" label=${t("Conversations")} value=${number(report.total_conversations)}
      text=${t("All conversations there have ever been, open and closed. The line: how many began each day.")}
      foot=${tn("%(n)s began in this time", "%(n)s began in this time", counts.created)} trend=${trend("created")} />
    <${Card} name="closed" label=${t("Closed now")} value=${number(report.closed_conversations)}
      text=${t("Conversations that are closed at this moment. The line: how many were closed each day.")}
      foot=${tn("%(n)s was closed in this time", "%(n)s were closed in this time", counts.closed)} trend=${trend("closed")} />
    <${Card} name="resolution_rate" label=${t("Resolution rate")} value=${percent(report.resolution_rate)}
      text=${t("Of the conversations that began in this time, the share that is closed now.")}
      foot=${t("%(part)s of %(whole)s", { part: number(counts.created_closed), whole: number(counts.created) })} trend=${trend("resolution_rate")} />
    <${Card} name="average_satisfaction" label=${t("Satisfaction")} value=${decimal(report.average_satisfaction)} unit="/ 5"
      text=${t("The mean of the ratings from 1 to 5 that customers gave in this time; one for each time that a conversation was closed.")}
      foot=${tn("from %(n)s rating", "from %(n)s ratings", counts.ratings)} trend=${trend("average_satisfaction")} />
    <${Card} name="csat_score" label=${t("CSAT score")} value=${percent(report.csat_score)}
      text=${t("The share of ratings that are 4 or 5.")}
      foot=${tn("from %(n)s rating", "from %(n)s ratings", counts.ratings)} trend=${trend("csat_score")} />
    <${Card} name="response_time" label=${t("Response time")} value=${duration(report.response_time)}
      text=${t("The mean time that a customer waits for a person's next answer. Bots do not stop the clock.")}
      foot=${tn("from %(n)s answer", "from %(n)s answers", counts.responses)} trend=${trend("response_time")} />
    <${Card} name="first_response_time" label=${t("First response")} value=${duration(report.first_response_time)}
      text=${t("The mean time from a customer's first message to the first answer of a person.")}
      foot=${tn("from %(n)s answer", "from %(n)s answers", counts.first_responses)} trend=${trend("first_response_time")} />
    <${Card} name="resolution_time" label=${t("Resolution time")} value=${duration(report.resolution_time)}
      text=${t("The mean time from the opening of a conversation, or its reopening, to its closing.")}
      foot=${tn("%(n)s was closed in this time", "%(n)s were closed in this time", counts.closed)} trend=${trend("resolution_time")} />
  </ul>`;
}

function Card({ name, label, text, value, unit, foot, trend }) {
  const known = trend?.filter((each) => each !== null) ?? [];
  return html`<li class="card" data-figure=${name}>
    <p class="label"><${Tip} label=${label} text=${text} /></p>
    <p class="value">${value ?? html`<span aria-label=${t("not known yet")}>–</span>`}${value !== null && unit && html` <small>${unit}</small>`}</p>
    <p class="foot-note">${foot}</p>
    ${known.length > 1 && html`<${Spark} points=${trend} />`}
  </li>`;
}
