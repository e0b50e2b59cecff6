-- ARGV: 1 license, 2 tenant, 3 device, 4 user, 5 login session, 6 trace id, 7 address. Tells of a refusal that was decided elsewhere.
refuse(ARGV[2], ARGV[1], ARGV[3], { user = ARGV[4], sid = ARGV[5], trace = ARGV[6], address = ARGV[7] })
return { 'TOLD' }
