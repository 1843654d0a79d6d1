"""SIP in datagrams: messages, transactions, dialogs, what they announce."""
