/**
 * The web application's schema, as it describes it: what its Prisma client reads and writes. The tests hold our
 * migrations against it.
 *
 * A column reads `type[?] [= default]`; `-> table [on delete]` is a foreign key (on update cascade).
 */
export const CONTRACT_ENUMS = {
  role: ["USER", "ADMIN"],
  channel_purpose: ["NOTIFICATION", "REPORT"],
  channel_type: ["EMAIL", "SLACK"],
  file_type: ["TEXT", "JPG", "PDF"],
  health_status: ["UP", "DOWN"],
  frequency: ["HOURLY", "DAILY", "WEEKLY", "MONTHLY"],
  bucket_permission: ["VIEWER", "MODERATOR"],
  task_status: ["PENDING", "PROCESSING", "SUCCESS", "FAILED"],
  schedule_type: ["ON_DEMAND", "REGULAR"],
  identifier_type: ["AUTOMATICALLY_DISCOVERED", "MANUALLY_ADDED"],
} as const;

export interface ContractTable {
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  /** column → [table, column, on delete] */
  readonly foreignKeys?: Readonly<
    Record<string, readonly [string, string, "CASCADE" | "RESTRICT" | "SET NULL"]>
  >;
}

const id = { id: "serial" };
const times = { created_at: "timestamp(3) = CURRENT_TIMESTAMP", modified_at: "timestamp(3)" };
const toUser = ["user", "id", "CASCADE"] as const;
const toCompany = ["company", "id", "CASCADE"] as const;
const toSource = ["data_source", "id", "CASCADE"] as const;
const toMeasurement = ["source_measurement", "id", "CASCADE"] as const;

function valueTable(type: string, extra: Readonly<Record<string, string>> = {}): ContractTable {
  return {
    columns: {
      ...id,
      company_measurement_id: "integer",
      value: type,
      timestamp: "timestamp(3)",
      ...times,
      ...extra,
    },
    primaryKey: ["id"],
    foreignKeys: {
      company_measurement_id: ["company_source_measurement", "company_measurement_id", "CASCADE"],
    },
  };
}

export const CONTRACT_TABLES: Readonly<Record<string, ContractTable>> = {
  user: {
    columns: {
      ...id,
      auth_id: "text",
      name: "text",
      profile_picture: "text?",
      role: "role = 'USER'",
      username: "text?",
      ...times,
    },
    primaryKey: ["id"],
    unique: [["auth_id"]],
  },
  company: {
    columns: { ...id, name: "text", description: "text?", added_by: "integer?", ...times },
    primaryKey: ["id"],
    foreignKeys: { added_by: ["user", "id", "SET NULL"] },
  },
  bucket: {
    columns: {
      ...id,
      title: "text",
      description: "text?",
      owner_id: "integer",
      is_public: "boolean = false",
      ...times,
    },
    primaryKey: ["id"],
    foreignKeys: { owner_id: toUser },
  },
  company_bucket_membership: {
    columns: { company_id: "integer", bucket_id: "integer", ...times },
    primaryKey: ["company_id", "bucket_id"],
    foreignKeys: { company_id: toCompany, bucket_id: ["bucket", "id", "CASCADE"] },
  },
  bucket_access: {
    columns: { bucket_id: "integer", invitee_id: "integer", permission: "bucket_permission", ...times },
    primaryKey: ["bucket_id", "invitee_id"],
    foreignKeys: { bucket_id: ["bucket", "id", "CASCADE"], invitee_id: toUser },
  },
  notification_channel: {
    columns: { ...id, channel_type: "channel_type", destination: "text", secret_id: "text?", ...times },
    primaryKey: ["id"],
  },
  notification_subscription: {
    columns: { user_id: "integer", channel_id: "integer", channel_purpose: "channel_purpose", ...times },
    primaryKey: ["user_id", "channel_id"],
    foreignKeys: { user_id: toUser, channel_id: ["notification_channel", "id", "CASCADE"] },
  },
  company_attachment: {
    columns: {
      ...id,
      company_id: "integer",
      file_type: "file_type",
      file_url: "text",
      user_id: "integer",
      title: "text",
      ...times,
    },
    primaryKey: ["id"],
    foreignKeys: { company_id: toCompany, user_id: ["user", "id", "RESTRICT"] },
  },
  data_source: {
    columns: {
      ...id,
      source_name: "text",
      is_active: "boolean",
      frequency: "frequency",
      health_status: "health_status",
      description: "text?",
      max_run_seconds: "integer = 300",
      version: "text = '1.0'",
      invocation_endpoint: "text = ''",
      additional_params: "jsonb?",
      ...times,
    },
    primaryKey: ["id"],
  },
  scheduled_task: {
    columns: {
      task_id: "serial",
      data_source_id: "integer",
      schedule_type: "schedule_type",
      scheduled_at: "timestamp(3) = CURRENT_TIMESTAMP",
      started_at: "timestamp(3)?",
      ended_at: "timestamp(3)?",
      max_run_seconds: "integer = 300",
      result_summary: "text?",
      status: "task_status = 'PENDING'",
      attempts: "integer = 0",
    },
    primaryKey: ["task_id"],
    foreignKeys: { data_source_id: toSource },
  },
  company_data_source: {
    columns: {
      ...id,
      data_source_id: "integer",
      company_id: "integer",
      is_data_source_active: "boolean",
      health_status: "health_status",
      ...times,
    },
    primaryKey: ["id"],
    unique: [["data_source_id", "company_id"]],
    foreignKeys: { data_source_id: toSource, company_id: toCompany },
  },
  company_data_source_identifier: {
    columns: {
      ...id,
      company_data_source_id: "integer",
      identifier_type: "identifier_type",
      property: "text",
      value: "text",
      validity: "timestamp(3)",
    },
    primaryKey: ["id"],
    foreignKeys: { company_data_source_id: ["company_data_source", "id", "CASCADE"] },
  },
  notification: {
    columns: { ...id, message: "text", company_id: "integer", data_source_id: "integer", ...times },
    primaryKey: ["id"],
    foreignKeys: {
      company_id: ["company", "id", "RESTRICT"],
      data_source_id: ["data_source", "id", "RESTRICT"],
    },
  },
  source_measurement: {
    columns: {
      ...id,
      source_module_id: "integer",
      type: "text",
      measurement_name: "text",
      parent_measurement_id: "integer?",
      ...times,
    },
    primaryKey: ["id"],
    foreignKeys: { source_module_id: toSource, parent_measurement_id: toMeasurement },
  },
  notification_rules: {
    columns: {
      rule_id: "serial",
      rule_name: "text",
      source_measurement_id: "integer",
      threshold: "double precision",
      aggregation_method: "text?",
      num_aggregation_entries: "integer?",
      notification_message: "text?",
      ...times,
    },
    primaryKey: ["rule_id"],
    foreignKeys: { source_measurement_id: toMeasurement },
  },
  news: {
    columns: {
      ...id,
      message: "text",
      company_id: "integer",
      data_source_id: "integer",
      trigger_factor: "text?",
      title: "text?",
      timestamp: "timestamp(3)",
      source_measurement_id: "integer",
      ...times,
    },
    primaryKey: ["id"],
    foreignKeys: {
      company_id: toCompany,
      data_source_id: ["data_source", "id", "RESTRICT"],
      source_measurement_id: ["source_measurement", "id", "RESTRICT"],
    },
  },
  news_subscription: {
    columns: { user_id: "integer", company_id: "integer", ...times },
    primaryKey: ["user_id", "company_id"],
    foreignKeys: { user_id: toUser, company_id: toCompany },
  },
  company_subscription: {
    columns: { user_id: "integer", company_id: "integer", ...times },
    primaryKey: ["user_id", "company_id"],
    foreignKeys: { user_id: toUser, company_id: toCompany },
  },
  company_source_measurement: {
    columns: { company_measurement_id: "serial", source_measurement_id: "integer", company_id: "integer" },
    primaryKey: ["company_measurement_id"],
    foreignKeys: { source_measurement_id: toMeasurement, company_id: toCompany },
  },
  measurement_text_value: valueTable("text"),
  measurement_int_value: valueTable("integer"),
  measurement_float_value: valueTable("double precision"),
  measurement_comment_value: valueTable("text", { sentiment_score: "integer?" }),
  measurement_paragraph_value: valueTable("text"),
  measurement_link_value: valueTable("text"),
  measurement_image_value: valueTable("text"),
  measurement_date_value: valueTable("timestamp(3)"),
  measurement_nested_value: valueTable("text"),
  report: {
    columns: { ...id, company_id: "integer", name: "text", report_file_url: "text", ...times },
    primaryKey: ["id"],
    foreignKeys: { company_id: ["company", "id", "RESTRICT"] },
  },
  user_important_measurement_preference: {
    columns: { data_source_id: "integer", user_id: "integer", important_field_name: "text", ...times },
    primaryKey: ["data_source_id", "user_id", "important_field_name"],
    foreignKeys: { data_source_id: toSource, user_id: toUser },
  },
  user_customization: {
    columns: { ...id, name: "text", user_id: "integer", ...times },
    primaryKey: ["id"],
    foreignKeys: { user_id: toUser },
  },
  user_company_customization: {
    columns: { ...id, customization_id: "integer", company_id: "integer", ...times },
    primaryKey: ["id"],
    foreignKeys: { customization_id: ["user_customization", "id", "CASCADE"], company_id: toCompany },
  },
  user_metric_customization: {
    columns: { ...id, customization_id: "integer", source_measurement_id: "integer", ...times },
    primaryKey: ["id"],
    foreignKeys: {
      customization_id: ["user_customization", "id", "CASCADE"],
      source_measurement_id: toMeasurement,
    },
  },
};
