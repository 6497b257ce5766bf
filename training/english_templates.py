"""Templates of English business text, notes and chats, for training the English tagger. Own writing throughout.

``[a|b]`` is a choice (it nests), ``{X}`` a slot: P a person's full name, F a given name, L a family name, T a title,
O an organization, C a town, K a country, A a whole address, S a street line; D a date, N a number, M money, W a day or
month, E an e-mail address, H a phone number, R a product, J a job, U a nationality, V a reference.
"""

from __future__ import annotations

from typing import Final

LETTERS: Final = """
[Dear|Hi|Hello|Hey|Good morning|Good evening] {T} {L}[,|:|!] [thank you for your [letter|order|call|message] of {D}|we are writing about invoice {V}|your payment of {M} has arrived].
[Dear|Hi|Hello|Hey|Morning|Thanks] {F}[,|!|.] [could you|can you|please] [send|forward|check|confirm] the [report|invoice|contract|booking] [by {W}|before {D}|today]?
[Dear|Hi] {P},
[Hi|Hello|Hey] {F}, [it's|this is] {F} [from|at] {O}. [Are you free on {W}?|Did you get my e-mail?|Call me back on {H}.]
[Best|Kind|Warm] regards, {P}
[Best|Kind|Warm] regards,\\n{P}\\n{J}\\n{O}
Yours [sincerely|faithfully],\\n\\n{P}\\n{J}, {O}
[Thanks|Cheers|Best|Regards|Love|Sent],\\n{F}
{P} | {J} | {O} | {H} | {E}
{P}\\n{J}\\n{O}\\n{A}\\nTel: {H}
{P}\\n{A}
{O}\\n{A}
{A}
To: {P} From: {P} Subject: {R} [order|delivery|refund]
From: {P} <{E}>
To: {P} <{E}>; {P} <{E}>
cc: {P}, {P} and {P}
Attn: {P}, {O}, {A}
Attention: {T} {L}\\n{O}\\n{A}
c/o {P}, {A}
I am writing [on behalf of|for] [my client|my mother|my husband|our tenant] {P}, who [lives at|resides at|has moved to] {A}.
[Please|Kindly] [send|ship|deliver|post] [the parcel|the documents|my new card|the {R}|it] to {P}, {A}.
[Our|My] [new|current|billing|delivery|postal|home] address is {A}.
My [new|current|old] address is [now|still] {A}[.| and my phone number is {H}.]
[We have moved|I moved|They relocated] [to|from] {A} [on {D}|last {W}|].
Please [change|update|correct] [my|the] [billing|delivery|home] address [to|from] {A}[.| starting {D}.| please.]
Could you tell me [where|how] I [can find|get to] {S}[, {C}|]?
[Meet me|See you|The office is|The shop is|Our branch is] at {S}[ in {C}|, {C}|].
Where is the nearest [branch|ATM|cash machine|office|store] [to|near] {A}?
As [agreed|requested|promised|discussed], here is {F}'s [address|new address|contact]:\\n\\n{A}
Here are the details for {P}: address {A}, phone {H}, e-mail {E}.
Name: {P}\\nAddress: {A}\\nPhone: {H}
Name: {P}[;|,| -| /] DOB: {D}[;|,| -| /] Tel: {H}
[Customer|Client|Patient|Employee|Applicant|Contact|Guest|Tenant|Owner|Payee|Cardholder|Beneficiary|Account holder|Next of kin|Emergency contact][: | - | name: ]{P}
[Customer|Client|Patient|Payee|Driver|Buyer|Seller|Agent] {P} [called|phoned|rang|visited|complained|wrote|cancelled|asked for a refund|did not answer] [on {D}|at {N}|today|again|].
Invoice {V} [was issued to|is payable to|is overdue for|has been paid by] [{P}|{O}].
Ship to: {P} {A} Bill to: {O} {A}
Order {V} by {P} ({E}) [is delayed|was delivered|has been returned|cannot be delivered].
Signed[ by|:] {P}[, {J}|, for {O}| on {D}|].
[Approved|Checked|Prepared|Reviewed|Written|Requested] by[:|] {P}[ on {D}| ({J})|].
Witness: {P}, {J}, of {A}.
This agreement is made between {O} and {P} of {A}.
This [contract|agreement|lease] is [made|entered into] on {D} between {P} ("the [Tenant|Buyer|Employee|Borrower]") and {O} ("the [Landlord|Seller|Employer|Lender]").
The [Borrower|Lender|Tenant|Employee|Executive|Company|Bank|Landlord] shall [pay|notify|repay|give notice to] the [Borrower|Lender|Tenant|Company|Bank] within {N} days.
"""

DESK: Final = """
[I'd|I would] like to [raise|increase|lower|check] the limit [on|of] my card {V}, the name on it is {P}.
My name is {P}[ and I live [in {C}|at {A}|in {K}]|. I am a customer of {O}|, account {V}|, I [called|wrote] on {D}].
[My name's|I'm|I am|This is|It's|name is] {P}[.| from {O}.| here.|, I lost my card in {C}.|, calling about order {V}.]
[I am|I'm] {F} and my [wife|husband|son|daughter|brother|sister|mother|father|boss|colleague|friend] is [called |named |]{F}.
Is there [a|any] [charge|fee] for [sending|moving|wiring] {M} to [{P}|{O}|my account in {K}]?
[Please|Can you|Could you] [transfer|wire|send|pay] {M} to [{P}|{F}|{O}|{F} {L}'s account][ at {O}|, account {V}|, IBAN {V}|].
[Please|Kindly] [block|freeze|close|reopen] [the account|the card] [of|in the name of|belonging to] {P}[, born {D}|, card {V}|].
My [credit card|card|debit card] {V} [was declined|does not work|got stuck] [at {O}|in {C}|in {K}|at the {O} in {C}].
Why was [{P}|{F}|{T} {L}] charged {M} [by {O}|on {D}|twice]?
[Spoke|Talked|Spoken] [to|with] {P} [at|from|of] {O} [re|about|regarding] [the {R}|invoice {V}|delivery], [will call back on {W}|left voicemail|no answer].
Called [{P}|{T} {L}|{F}] [at|on] {H}, [no answer|number wrong|wants a refund of {M}|asked for {F}].
{F} [from|at] {O} [says|said|told me|thinks|promised] the {R} [is|was] [late|broken|in stock|not covered].
{P} [says|said|claims|reported|complains] [that |]the {R} [never arrived|was damaged|is faulty|leaks|stopped working after {N} days].
[Refund|Credit] of {M} [approved by|agreed with|sent to] {P}[ ({J})|], ref {V}.
[Agent|Technician|Courier|Engineer|Nurse|Doctor|Teacher] {F} was [rude|very helpful|late|polite|great] [on the phone|at our house|today|on {W}].
The [driver|nurse|manager|clerk|guy|lady] [named|called] {F} was [so|very|really] [rude|helpful|kind|nice].
Thanks to {F} and {F} [at|from] the {C} [branch|office|store] for [the help|fixing my {R}|everything].
[Escalate|Forward|Assign|Pass] [this|the ticket|case {V}] to {P}[ in {C}| at {O}|, {J}|].
Ticket {V}: {P} cannot log in[ since {W}| from {C}|].
Customer [wants|asks|would like] to [speak|talk] to {T} {L} [or|and] {T} {L} [about|regarding] {V}.
[He|She] is [married|engaged|related] to {P}, [a|the] {J} [at|of|with] {O}.
{P} and {P} [share|hold|opened] a [joint|savings|current] account [at|with] {O}[ in {C}|].
{P}, {P} and {P} [attended|missed|joined] the [meeting|call|training] [in {C}|on {D}|at {O}].
Present: {P}, {P}, {P}. Absent: {P}.
Minutes: {F} to [call|email] {F}; {F} will [draft|review] the [plan|budget|offer] by {W}.
[ask|tell|remind|call|email|text|ping|meet|help|thank] {F} [about|before|after|for] the [invoice|meeting|keys|password|delivery|car].
[have you seen|do you know|where is|who is|what about|when does] {F}[ come| arrive|]?
[any news from|got a call from|waiting for|lunch with|met|dinner with|birthday of|love you|miss you|happy birthday|good luck|congrats|well done] {F}[!|| and {F}|]
{F}: [are you coming tonight?|who is this?|ok see you at {N}|did you pay {F}?]\\n{F}: [yes|no, ask {F}|I'm {F}'s [brother|sister|son|daughter]|on my way]
{F}: [did you lock the door|shall we go|is it raining in {C}]? {F}: [not yet|sure|ask {F} {L}].
"[Who|What] [are|is] [you|he|she]?" [asked|said] {F}. "[I'm|He is|She is] {P}[, {F}'s [cousin|aunt|boss]|]."
{F}'s [car|house|phone|laptop|invoice|mother|boss|flight|passport] [is|was] [stolen|late|lost|in {C}|at {O}].
{P}'s [account|card|order|appointment|policy|visa|contract] [expires|was cancelled|starts|is due] on {D}.
[The|Our] {J}, {P}, [resigned|retired|was promoted|will visit {C}|joined us from {O}] [on {D}|in {W}|last year].
{P} ({N}), [a|the] {J} from {C}, [won|lost|bought|sold|founded] [{M}|{O}|a {R}].
{P} [works|worked|is working] [for|at|with] {O} [in|near|outside] {C}[, {K}|][ as a[n|] {J}|].
{P} [was born|grew up|studied|lives|died|married|settled] in {C}[, {K}|][ in {N}| on {D}|].
{P} (born {D}[ in {C}|]) is a[n|] {U} [former|retired|professional|award-winning|] [footballer|actor|singer|writer|lawyer|chemist|politician].
{P} is [the|a|our new] {J} [of|at|for] {O}.
[Founded|Started|Created|Owned|Run] by {P} [and {P} |]in {N}, {O} [sells|makes|exports|repairs] {R}s in {C}.
{O} was [founded|bought|closed] [in {N}|by {P}|in {C}].
{O}[, based in {C},| of {K}|] [announced|said|reported|confirmed] [that |][profits of {M}|it will close its {C} [plant|office]|it hired {P} as {J}].
[I|We] [bought|ordered|returned] a[n|] {R} [from|at] {O} [in {C}|on {D}|for {M}] and [it broke|love it|hate it].
[I|We] [work|worked|bank|shop|booked] [at|with|for] {O} [since {N}|in {C}|and live in {C}].
[Flying|Moving|Travelling|Driving|Going|Back] [to|from] {C} [on {W}|tomorrow|with {F}|for work|next month].
[The weather in|Greetings from|Welcome to|I love|Visited|Weekend in|Stuck in|Photos from] {C}[ is great|!||, {K}| with {F}].
[I was|They were|He was] [in|near] {C}, {K}[ [last|on] {W}| for {N} days|].
What [is|are] the [opening hours|exchange rate|visa rules|price of a {R}] in [{C}|{K}]?
[My|His|Her|Their] [company|employer|school|university|bank|landlord|insurer] is {O}[ in {C}|, {A}|].
[How do I|Can I|I want to] [change|update|correct] my [name|surname|last name] from {L} to {L}?
[Surname|Family name|Last name]: {L} [Given name|First name]: {F}
First name {F}, [last name|surname] {L}
[Title|Salutation]: {T} Name: {L}
{T} {L} [will|can|did not|should] [see you|sign|pay|attend|answer] [on {D}|at {N}|today].
{T} {P} [is|was] [the|our|my] {J}[ at {O}|].
[Patient|Resident] {P}, {N} years, [seen|admitted|discharged] [by|from] {T} {L} [at|on] [{O}|{D}].
[Prescription|Referral] for {P} by {T} {L}, {O}, {A}.
{L}, {F}
{L}, {F} [-|/] {J}[ - {O}|]
{P} <{E}> wrote:
@{F} [can you|please|pls] [look|check] [at this|the {R}] [with {F}|]
[RIP|Rest in peace|In memory of|In loving memory of] {P}
[Congratulations|Welcome|Farewell|Thanks], {P}!
[Listening to|Watching|Reading|Met|Saw|Love] {P} [live|at {O}|in {C}|tonight|again|].
[When|If] {F} [comes|calls|pays], [tell|ask|remind] [him|her] [that|about] {F}[ called|'s invoice|].
[can|could|will] {F} [pick up|collect|sign for] the {R} [at|from] {S}?
[Deliver|Leave] [with|at] [the neighbour|neighbours|reception], [{T} {L}|{P}], {S}[, {C}|].
[Viewing|Inspection|Appointment] at {A} with {P} at {N}:00 on {D}.
[Property|Site|House|Flat] at {A}, owner {P}, rent {M}.
Taxi from {S}[, {C}|] to {S}[, {C}|] for {P}, {M}.
[{P}|{O}], {A}, {H}, {E}
{P},{J},{O},{C},{K}
{P}; {A}; {H}
{J} - {O}, {C} - contact {P}
"""

PLAIN: Final = """
[Please|Kindly] [restart|check|replace|clean] the {R} [before {W}|on {D}|and call {H}|].
The {R} [costs|cost] {M} and [comes|ships] [in {N} days|on {W}|with a {R}].
[Order|Invoice|Case|Ticket|Policy|Ref] {V} [is open|is closed|was paid on {D}|total {M}].
[We|They] [close|open|deliver|meet] [on|every] {W} [and|or] {W}.
[Will|May|Can|Should] [we|I|you] [meet|pay|come] in {W}[ or {W}|]?
[Merry Christmas|Happy New Year|Happy Easter|Good Friday is a holiday] [to all|everyone|from the team].
The [Customer|Client|Supplier|Employee|Buyer] [agrees|shall pay|accepts] the [Terms|Terms and Conditions|Privacy Policy|General Conditions].
[Account Number|Order Number|Date Of Birth|Phone Number|Card Holder|Postal Code|Due Date|Amount Due|Total]: {V}
ORDER CONFIRMATION - {V} - TOTAL {M}
URGENT: PAYMENT OVERDUE, {M} DUE ON {D}
[Good|Bad|Great|Poor] [service|quality|price], [would|will not] [buy|recommend|come back] again.
My [e-mail|email] is {E} [and|,] my [phone|mobile] is {H}.
[Windows|Android|Excel|Bluetooth|WiFi|iPhone|Christmas|Easter|Mercedes|Galaxy|Pixel|Kindle] [is|was] [not working|slow|great] on my {R}.
[He|She|They|My wife|My boss|The manager|The doctor|Mum|Dad|Grandma] [called|said|told me|came] [yesterday|on {W}|to say hello].
[Black|Green|White|Brown|Gray] [tea|shoes|paint|jacket] in [Large|Small|Medium], {N} pieces at {M}.
[Rose|Lily|Daisy|Olive|Jasmine|Ginger|Basil|Pepper|Amber|Ruby|Pearl] [oil|tea|soap|seeds|ring|necklace], {N} pcs, {M}
[April|May|June|August] [sales|report|invoice|figures] [is|are] [ready|late|attached].
[mark|bill|rob|grant|will|art|frank|rich|drew|pat|chase|sue|jack|hope|grace|faith|joy|dawn] [it as done|the customer later|me a week off|up the price].
[Mark|Bill|Grant|Will|Chase|Hope|Please] [it as paid|the client {M}|access to the folder|you be there?|the late payment|this helps].
Your [password|PIN|code] [was changed|expires] on {D}; [call|write to] [support|{H}|{E}].
I [can't|cannot|could not|didn't] [log in|pay|find my order|see the {R}] [since|on] {W}.
The {U} [market|team|food|customers|language] [grew|won|was great] in {N}.
[Version|Model|Size|Serial] {V}, [made|tested] {D}, {R}.
Do you [have|sell|ship|repair] {R}s[ in stock| abroad| on {W}|]?
[Thanks|Thank you|ok|OK|Sure|Great|Sorry|Hello|Hi there|Dear Sir or Madam|Dear Customer|Dear Team|Hi all][,|!|.] [see you on {W}|I will call you back|please find the report attached|what time is it?].
{D} {N}:{N} [call|visit|payment|delivery|reminder] {M} [done|open|cancelled]
"""

CELLS: Final = """
{P}
{P}
{P}
{O}
{O}
{C}
{K}
{F}
{L}
{L}, {F}
{A}
{S}
{R}
{J}
{W}
{U}
{D}
"""

PRODUCTS: Final = (
    "laptop|phone|printer|router|washing machine|fridge|sofa|Galaxy S9|iPhone 11|Model X|Air Max|EasyClean 300|PowerBank Pro|coffee machine|heater|"
    "camera|tyre|mattress|bike|helmet|car seat|vacuum cleaner|credit card|gift card|savings plan|Gold Card|Premium Plus package|Windows 10|Xbox|boiler"
).split("|")
JOBS: Final = (
    "Sales Manager|CEO|CFO|account manager|nurse|teacher|lawyer|Head of Sales|Managing Director|software engineer|driver|accountant|receptionist|"
    "Chief Financial Officer|project manager|consultant|plumber|chef|director|president|Senior Analyst|HR Manager|electrician|secretary|farmer"
).split("|")
NATIONS: Final = "American|British|French|German|Italian|Spanish|Chinese|Japanese|Indian|Brazilian|Dutch|Polish|Russian|Turkish|Nigerian|Swedish".split(
    "|"
)
DAYS: Final = (
    "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|October|November|December"
).split("|")
TITLES: Final = "Mr.|Mrs.|Ms.|Miss|Mr|Mrs|Ms|Dr.|Dr|Prof.|Professor|Sir|Rev.|Doctor|Captain".split("|")
