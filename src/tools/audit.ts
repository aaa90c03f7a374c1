import * as z from "zod";
import { defineTool } from "./define-tool.ts";
import { Text, Texts, WorkspacePaths } from "./fields.ts";
import { HONESTY, list, prompt, quoted } from "./prompt.ts";

const Score = z.number().int().min(1).max(100);
const LEVELS = ["low", "medium", "high", "critical"] as const;

export const audit = defineTool({
  name: "audit",
  title: "Audit security and quality",
  description: "Codex audits code for vulnerabilities (with CWE ids), quality and compliance. It changes nothing.",
  access: "read",
  parameters: {
    code: Text.describe("The code, or what of the workspace to audit"),
    file_paths: WorkspacePaths.optional().describe("Workspace files to audit"),
    focus_areas: Texts.optional().describe("What to look at most"),
    severity_threshold: z.enum(LEVELS).default("medium").describe("Leave out what is below"),
    compliance_standards: Texts.optional().describe("For example OWASP Top 10, PCI DSS"),
  },
  result: z.object({
    overall_security_score: Score,
    overall_quality_score: Score,
    vulnerabilities: z.array(
      z.object({
        severity: z.enum(["critical", "high", "medium", "low"]),
        category: z.string(),
        file: z.string(),
        line_range: z.string(),
        description: z.string(),
        impact: z.string(),
        recommendation: z.string(),
        cwe_id: z.string().optional(),
        cve_id: z.string().optional(),
      }),
    ),
    quality_issues: z.array(
      z.object({
        severity: z.enum(["major", "minor", "suggestion"]),
        category: z.string(),
        file: z.string(),
        line_range: z.string(),
        description: z.string(),
        impact: z.string(),
        suggestion: z.string(),
      }),
    ),
    compliance_results: z.array(
      z.object({
        framework: z.string(),
        rule_id: z.string(),
        status: z.enum(["pass", "fail", "warning"]),
        description: z.string(),
        evidence: z.string().optional(),
      }),
    ),
    recommendations: z.array(z.string()),
    risk_assessment: z.string(),
    audit_summary: z.string(),
    files_analyzed: z.array(z.string()),
  }),
  prompt: ({ code, file_paths, focus_areas, severity_threshold, compliance_standards }) =>
    prompt(
      "Audit code for security and quality. Change no files.",
      quoted("The code, or what to audit", code),
      list("Audit these workspace files", file_paths),
      list("Look most at", focus_areas),
      list("Check compliance with", compliance_standards),
      `Report vulnerabilities of severity ${severity_threshold} and above, by the scale of CVSS: critical 9.0-10, high 7.0-8.9, medium 4.0-6.9, low below. Give a CWE id for each that has one, a CVE id only for a known vulnerable dependency version that you saw. For each named standard give one result per rule that you checked, with its own rule id; for OWASP use the category ids (A01-A10). With no standard named, compliance_results is empty. In files_analyzed name only what you read. Scores from 1 (very bad) to 100 (excellent).`,
      HONESTY,
    ),
});
