"""E-mail about task changes, a daily mail of due tasks, and mails about accounts (links and security notices)."""

from tms_notifications.settings import NotificationSettings


def includeme(config):
    config.add_tms_settings(NotificationSettings)
    config.add_error_codes("tms_notifications.error_codes")
    config.add_migrations("notifications", "tms_notifications:migrations/versions")
    config.add_event_sink("notifications", "tms_notifications.sink:NotificationsSink")
    config.add_task_module("tms_notifications.tasks")
    config.add_doctor_check("mail", "tms_notifications.doctor:check_mail")
    config.add_metrics("mail", "tms_notifications.metrics:collect")
    config.add_account_mailer("tms_notifications.account_mailer:LinkMailer")
    config.add_document_mailer("tms_notifications.document_mailer:SmtpDocumentMailer")
    config.add_banner_line("Mail", "tms_notifications.banner:mail_line")
    config.add_web_module("tms_notifications:static/web")
    config.include("tms_notifications.schedule")
    config.include_web("tms_notifications.resources")
    config.include_web("tms_notifications.inbox")
    config.include_web("tms_notifications.muting")
    config.include_web("tms_notifications.ledger")
    config.include_web("tms_notifications.administration")
