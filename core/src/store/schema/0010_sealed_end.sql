-- Every row is sealed: what was plain goes.
ALTER TABLE accounts DROP COLUMN cookie;
ALTER TABLE accounts DROP COLUMN token;
ALTER TABLE accounts DROP COLUMN proxy;
