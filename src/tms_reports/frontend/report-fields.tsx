/** The choice of a report and of its format. */
import { t } from "tms/i18n";
import { Field, Select } from "tms/ui";
import { type Format, REPORTS, type ReportName, reportTitle } from "./reports.ts";

export interface ReportFieldsProps {
  report: ReportName;
  onReport: (report: ReportName) => void;
  format: Format;
  formats: readonly Format[];
  onFormat: (format: Format) => void;
}

export function ReportField({ report, onReport }: Pick<ReportFieldsProps, "report" | "onReport">) {
  return (
    <Field label={t("reports.report")}>
      <Select<ReportName>
        value={report}
        options={REPORTS.map((value) => ({ value, label: reportTitle(value) }))}
        onSelect={onReport}
      />
    </Field>
  );
}

export function ReportFields({ report, format, formats, onReport, onFormat }: ReportFieldsProps) {
  return (
    <>
      <ReportField report={report} onReport={onReport} />
      <Field label={t("reports.format")}>
        <Select<Format>
          value={format}
          options={formats.map((value) => ({ value, label: t(`reports.format.${value}`) }))}
          onSelect={onFormat}
        />
      </Field>
    </>
  );
}
