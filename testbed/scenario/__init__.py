"""Users' files to validated models; every check of a user's file is here."""
