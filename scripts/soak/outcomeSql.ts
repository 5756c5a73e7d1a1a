import { GITHUB_RUNS } from "./input/makeInput.ts";

/**
 * What a run left, in words that are the same in every run of the same input: no ids, and no times but those at which
 * something was observed.
 */

// Where a source does not say when it observed (GitHub), each run is an observation: the first, second … stands for
// its time, and a run more than was wanted is left out.
const OBSERVED = `
  run as (
    select document.id, document.company_id, document.data_source_id, document.observed_at,
           source.source_name = 'github' as is_undated,
           dense_rank() over (partition by source.id, company_id order by document.observed_at) as run
      from pipeline.raw_document document
      join data_source source on source.id = document.data_source_id
  ), observed as (
    select *,
           case when is_undated then 'run ' || run else to_char(observed_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS') end
             as observed,
           is_undated and run > ${GITHUB_RUNS} as is_extra
      from run
  )`;

export const DOCUMENTS = `
  with ${OBSERVED}
  select concat_ws(' | ', source.source_name, company.name, observed.observed, document.state, document.value_count,
                   document.issue_count, document.subject, problem.problem,
                   regexp_replace(document.reason, '\\d+', '#', 'g')) as what,
         document.id as ids
    from pipeline.raw_document document
    join observed on observed.id = document.id
    join data_source source on source.id = document.data_source_id
    join company on company.id = document.company_id
    left join pipeline.data_problem problem on problem.raw_document_id = document.id
   where not observed.is_extra`;

const TABLES = [
  "text",
  "int",
  "bigint",
  "float",
  "bool",
  "paragraph",
  "comment",
  "link",
  "image",
  "date",
  "nested",
];

export const VALUES = `
  with ${OBSERVED}, value as (
    ${TABLES.map(
      (table) => `
    select '${table}' as type, company_measurement_id, item_key, "timestamp", raw_document_id, id, value::text
      from measurement_${table}_value`,
    ).join(" union all ")}
  )
  select concat_ws(' | ', source.source_name, company.name, parent.measurement_name, measurement.measurement_name,
                   value.type, value.item_key,
                   case when value."timestamp" = observed.observed_at then observed.observed
                        else value."timestamp"::text end,
                   value.value) as what,
         concat('value ', value.id, ' of document ', value.raw_document_id) as ids
    from value
    join company_source_measurement series using (company_measurement_id)
    join source_measurement measurement on measurement.id = series.source_measurement_id
    left join source_measurement parent on parent.id = measurement.parent_measurement_id
    join data_source source on source.id = measurement.source_module_id
    join company on company.id = series.company_id
    left join observed on observed.id = value.raw_document_id
   where observed.is_extra is not true`;

export const SCORES = `
  with ${OBSERVED}
  select concat_ws(' | ', company.name, observed.observed, comment.item_key, comment.value,
                   comment.sentiment_score) as what,
         concat('comment ', comment.id, ' of document ', comment.raw_document_id) as ids
    from measurement_comment_value comment
    join observed on observed.id = comment.raw_document_id
    join company on company.id = observed.company_id
   where comment.sentiment_score is not null`;

export const NEWS = `
  with ${OBSERVED}
  select concat_ws(' | ', source.source_name, company.name, measurement.measurement_name,
                   coalesce(observed.observed, news."timestamp"::text), finding.item_key,
                   coalesce(rule.rule_name, finding.detector), finding.severity, news.title, news.message,
                   news.trigger_factor) as what,
         concat('news ', news.id, ', finding ', finding.id) as ids
    from news
    left join pipeline.finding on finding.news_id = news.id
    left join notification_rules rule on 'rule:' || rule.rule_id = finding.detector
    join company on company.id = news.company_id
    join data_source source on source.id = news.data_source_id
    join source_measurement measurement on measurement.id = news.source_measurement_id
    left join observed
      on observed.company_id = news.company_id and observed.data_source_id = news.data_source_id
     and observed.observed_at = news."timestamp"
   where observed.is_extra is not true`;

// Each finding of a message that may have arrived, as messages.ts has it: its channel first, and its words somewhere.
export const UNKNOWN_MESSAGES = `
  select channel.channel_type || ' | ' as starts, regexp_replace(news.message, '\\s+', ' ', 'g') as contains
    from pipeline.delivery
    join notification_channel channel on channel.id = delivery.channel_id
    join pipeline.delivery_finding told on told.delivery_id = delivery.id
    join pipeline.finding on finding.id = told.finding_id
    join news on news.id = finding.news_id
   where delivery.state = 'UNKNOWN'`;

// Comments whose scoring was asked for a second time, and got lost again.
export const UNSCORED = `
  with ${OBSERVED}
  select concat_ws(' | ', company.name, observed.observed, comment.item_key, comment.value, '') as starts,
         '' as contains
    from measurement_comment_value comment
    join observed on observed.id = comment.raw_document_id
    join company on company.id = observed.company_id
    join pipeline.analysis on analysis.raw_document_id = comment.raw_document_id
   where comment.sentiment_score is null and analysis.comments_asked_again_at is not null`;
