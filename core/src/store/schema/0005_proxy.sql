-- The URL of the proxy through which the account reaches the service, with its user name and password. NULL: none.
ALTER TABLE accounts ADD COLUMN proxy TEXT;
