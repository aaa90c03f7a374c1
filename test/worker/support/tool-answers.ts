// For each tool that runs Codex: a call of it, and two answers of a model that differ in every field.
import type { Step } from "../../support/fake-model/script.ts";

export interface ToolAnswers {
  /** A call whose main text is this. */
  parameters(text: string): object;
  /** Full answers, as the model sends them. */
  answers: readonly [Answer, Answer];
}

export interface Answer {
  /** What the model does before it answers. */
  work: Step[];
  says: Record<string, unknown>;
  /** Fields that do not come from what the model says, as they must be found. */
  observed?: Record<string, unknown>;
}

const claimOf = (file: string) => ({
  file,
  action: "modify",
  diff: "a diff that the model made up",
  explanation: `why ${file} was written`,
  line_numbers: null,
});

/** The change that `claimOf` speaks of, as it really was. */
function observedChange(file: string, text: string): object {
  const diff = `diff --git a/${file} b/${file}\nnew file mode 100644\n--- /dev/null\n+++ b/${file}\n@@ -0,0 +1 @@\n+${text}\n`;
  return { file, action: "create", diff, explanation: `why ${file} was written` };
}

const fixOf = (name: string, changes: readonly unknown[]) => ({
  problem: `problem ${name}`,
  solution: `solution ${name}`,
  files_to_change: changes,
  root_cause: `cause ${name}`,
  prevention: `prevention ${name}`,
});

const commentOf = (name: string, severity: string) => ({
  file: `${name}.ts`,
  line_range: "1-2",
  severity,
  category: "tests",
  message: `message ${name}`,
  suggestion: `suggestion ${name}`,
});

const vulnerabilityOf = (name: string, severity: string) => ({
  severity,
  category: `category ${name}`,
  file: `${name}.ts`,
  line_range: "3",
  description: `description ${name}`,
  impact: `impact ${name}`,
  recommendation: `recommendation ${name}`,
  cwe_id: "CWE-89",
  cve_id: "CVE-2026-0001",
});

const qualityIssueOf = (name: string, severity: string) => ({
  severity,
  category: `category ${name}`,
  file: `${name}.ts`,
  line_range: "4",
  description: `description ${name}`,
  impact: `impact ${name}`,
  suggestion: `suggestion ${name}`,
});

const solutionOf = (name: string, confidence: number) => ({
  approach: `approach ${name}`,
  description: `description ${name}`,
  code_changes: [{ ...claimOf(`${name}.ts`), line_numbers: "7" }],
  confidence,
  estimated_time: `time ${name}`,
  trade_offs: [`trade-off ${name}`],
});

export const TOOL_ANSWERS: Readonly<Record<string, ToolAnswers>> = {
  plan: {
    parameters: (task) => ({ task }),
    answers: [
      { work: [], says: planOf("one", "low") },
      { work: [], says: planOf("two", "high") },
    ],
  },
  implement: {
    parameters: (task) => ({ task, target_files: [] }),
    answers: [
      {
        work: [{ run: "echo 1 > one.txt" }],
        says: implementationOf("one"),
        observed: { changes: [observedChange("one.txt", "1")] },
      },
      {
        work: [{ run: "echo 2 > two.txt" }],
        says: implementationOf("two"),
        observed: { changes: [observedChange("two.txt", "2")] },
      },
    ],
  },
  review: {
    parameters: (content) => ({ content }),
    answers: [
      { work: [], says: reviewOf("one", "excellent", [commentOf("one", "info")], [9, 8, 7]) },
      { work: [], says: reviewOf("two", "critical_issues", [commentOf("two", "critical")], [1, 2, 3]) },
    ],
  },
  fix: {
    parameters: (error_output) => ({ error_output }),
    answers: [
      {
        work: [{ run: "echo 3 > three.txt" }],
        says: repairOf("one", true, [fixOf("one", [claimOf("three.txt")])]),
        observed: { fixes: [fixOf("one", [observedChange("three.txt", "3")])] },
      },
      {
        work: [{ run: "echo 4 > four.txt" }],
        says: repairOf("two", false, [fixOf("two", [claimOf("four.txt")])]),
        observed: { fixes: [fixOf("two", [observedChange("four.txt", "4")])] },
      },
    ],
  },
  chat: {
    parameters: (message) => ({ message }),
    answers: [
      { work: [], says: chatOf("one", 0.25) },
      { work: [], says: chatOf("two", 1) },
    ],
  },
  audit: {
    parameters: (code) => ({ code }),
    answers: [
      { work: [], says: auditOf("one", ["critical", "major", "fail"], [1, 2]) },
      { work: [], says: auditOf("two", ["medium", "minor", "pass"], [99, 100]) },
    ],
  },
  debug: {
    parameters: (error_message) => ({ error_message }),
    answers: [
      { work: [], says: debugOf("one", 0.125) },
      { work: [], says: debugOf("two", 0.875) },
    ],
  },
};

function planOf(name: string, estimated_complexity: string) {
  return {
    task_breakdown: [`step ${name}`],
    affected_files: [`${name}.ts`],
    implementation_approach: `approach ${name}`,
    architectural_decisions: [`decision ${name}`],
    dependencies: [`dependency ${name}`],
    estimated_complexity,
    gotchas: [`gotcha ${name}`],
    integration_points: [`point ${name}`],
  };
}

function implementationOf(name: string) {
  return {
    changes: [claimOf(`${name}.txt`)],
    dependencies_added: [`dependency ${name}`],
    tests_needed: [`test ${name}`],
    integration_notes: `notes ${name}`,
    next_steps: [`step ${name}`],
    warnings: [`warning ${name}`],
  };
}

function reviewOf(name: string, overall_rating: string, comments: unknown[], scores: [number, number, number]) {
  const [security_score, performance_score, maintainability_score] = scores;
  const words = { summary: `summary ${name}`, recommendations: [`recommendation ${name}`] };
  return { overall_rating, comments, security_score, performance_score, maintainability_score, ...words };
}

function repairOf(name: string, quick_fix_available: boolean, fixes: unknown[]) {
  return {
    fixes,
    diagnostic_steps: [`step ${name}`],
    quick_fix_available,
    estimated_fix_time: `time ${name}`,
    related_issues: [`issue ${name}`],
  };
}

function chatOf(name: string, confidence_score: number) {
  return {
    response: `response ${name}`,
    suggestions: [`suggestion ${name}`],
    follow_up_questions: [`question ${name}`],
    context_used: [`context ${name}`],
    confidence_score,
  };
}

function auditOf(name: string, [severity, quality, status]: [string, string, string], scores: [number, number]) {
  const rule = { framework: "OWASP Top 10", rule_id: "A03:2021", description: `rule ${name}`, evidence: null };
  return {
    overall_security_score: scores[0],
    overall_quality_score: scores[1],
    vulnerabilities: [vulnerabilityOf(name, severity)],
    quality_issues: [qualityIssueOf(name, quality)],
    compliance_results: [{ ...rule, status }],
    recommendations: [`recommendation ${name}`],
    risk_assessment: `risk ${name}`,
    audit_summary: `summary ${name}`,
    files_analyzed: [`${name}.ts`],
  };
}

function debugOf(name: string, confidence_score: number) {
  return {
    root_cause: `cause ${name}`,
    solutions: [solutionOf(name, confidence_score)],
    debugging_steps: [`step ${name}`],
    prevention_strategies: [`strategy ${name}`],
    related_issues: [`issue ${name}`],
    confidence_score,
    estimated_fix_time: `time ${name}`,
  };
}
