/** A report as a file. */
import { useState } from "preact/hooks";
import type { Params } from "tms/api";
import { t, today } from "tms/i18n";
import { Button, Menu } from "tms/ui";
import { download } from "./download.ts";
import { pathOf, type ReportName, reportTitle } from "./reports.ts";

const FORMATS = ["csv", "html"] as const;

/** `params` are the query parameters of the report that is shown. */
export function ExportMenu({ report, params }: { report: ReportName; params: Params }) {
  const [isBusy, setBusy] = useState(false);
  const run = async (format: (typeof FORMATS)[number]) => {
    setBusy(true);
    await download(pathOf(report), { ...params, format }, `${report}-${today()}.${format}`);
    setBusy(false);
  };
  const label = t("reports.export.of", { report: reportTitle(report) });
  return (
    <span class="report__export">
      <Menu
        label={label}
        placement="bottom-end"
        items={FORMATS.map((format) => ({
          id: format,
          icon: "download",
          label: t(`reports.export.${format}`),
          run: () => void run(format),
        }))}
        trigger={(props) => (
          <Button size="small" variant="quiet" icon="download" aria-label={label} isBusy={isBusy} {...props}>
            {t("reports.export")}
          </Button>
        )}
      />
    </span>
  );
}
