import { useState } from "preact/hooks";
import { api, errorText } from "tms/api";

/** Sends the link that proves one's own address again. */
export function useResend() {
  const [isSent, setSent] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const resend = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await api.post("/api/email-verification");
      setSent(true);
    } catch (error) {
      setFailure(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return { isSent, isBusy, failure, resend };
}
