"""A whole system that sends mails, faults in it, and what must arrive nevertheless."""
