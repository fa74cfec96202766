\set id random(1, :rows)
UPDATE app_user SET logins = logins + 1 WHERE id = :id;
