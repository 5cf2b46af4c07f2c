/**
 * The action file, as schema/action-file.v1.schema.json gives it. The OpenAPI document calls it an object, so these
 * can't be generated from it. What is left out has its default.
 */
export type ActionKind = 'api_call' | 'python' | 'agent';
export type ParameterType = 'string' | 'number' | 'boolean';
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type BodyFormat = 'json' | 'form' | 'text';

export interface Parameter {
  name: string;
  type: ParameterType;
  description: string;
  required?: boolean;
  default?: string | number | boolean | null;
  values?: string[];
}

export interface ApiCall {
  type: 'api_call';
  method: Method;
  url: string;
  headers?: { name: string; value: string }[];
  basic_auth?: { username: string; password: string } | null;
  body?: string | null;
  body_format?: BodyFormat;
  redirects_max?: number;
  retries_max?: number;
}

export interface Python {
  type: 'python';
  code: string;
  secrets?: string[];
}

export interface Agent {
  type: 'agent';
  [field: string]: unknown;
}

export interface ActionFile {
  version: 1;
  name: string;
  trigger: string;
  examples?: string[];
  parameters?: Parameter[];
  run: ApiCall | Python | Agent;
  usage?: string;
  answer?: string | null;
  timeout_ms?: number | null;
  runs_with?: string[];
  allowed_hosts?: string[];
}
