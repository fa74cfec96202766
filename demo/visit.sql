\set id random(1, :rows)
UPDATE visit SET logins = logins + 1 WHERE id = :id;
