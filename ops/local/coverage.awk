# Line coverage by area, from a Cobertura report; exits 1 when an area is under its floor.
# A line counts once, however many methods and state machines the compiler made of it.
match($0, /filename="[^"]*"/) { file = substr($0, RSTART + 10, RLENGTH - 11) }
match($0, /<line number="[0-9]+"/) {
    line = file ":" substr($0, RSTART + 14, RLENGTH - 15)
    match($0, /hits="[0-9]+"/)
    hits = substr($0, RSTART + 6, RLENGTH - 7) + 0
    if (hits > seen[line] || !(line in seen)) seen[line] = hits
}
function area(file) {
    if (file ~ /WaMcp\.Domain\/Access\//) return "Access"
    if (file ~ /WaMcp\.Domain\/Audit\//) return "Audit"
    if (file ~ /WaMcp\.Domain\/Limits\//) return "Limits"
    if (file ~ /WaMcp\.Domain\/Tenancy\// || file ~ /WaMcp\.Domain\/Data\/Tenant/) return "Tenancy"
    if (file ~ /WaMcp\.Server\/Auth\//) return "Auth"
    return ""
}
END {
    for (line in seen) {
        name = area(line)
        if (name == "") continue
        lines[name]++
        if (seen[line] > 0) covered[name]++
        else missed[name] = missed[name] "\n  not covered: " substr(line, index(line, "WaMcp."))
    }
    text = "line coverage:"
    count = split("Access Audit Limits Tenancy Auth", names, " ")
    for (i = 1; i <= count; i++) {
        share = lines[names[i]] ? 100 * covered[names[i]] / lines[names[i]] : 0
        text = text sprintf("%s %s %.1f %%", i > 1 ? "," : "", names[i], share)
        if (share < floor) { short = 1; detail = detail missed[names[i]] }
    }
    print text
    if (short) printf "Under the floor of %d %%:%s\n", floor, detail
    exit short
}
