"""What the cells of a column look like: names, enterprises, addresses. Evidence over every cell, cheap and rough.

The tagger reads a sample and confirms; the shape carries the verdict to all cells. Not for free text.
"""

from __future__ import annotations

from typing import Final

import regex

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
    "汤康易乔赖文葛兰殷施洪季翟颜倪温庞安樊俞章鲁聂伍岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童"
    "欧甄项曲成游阳裴席卫查屈鲍位霍翁隋植甘景薄单包司柏宁柯阮桂闵强解边巫车佟卓商娄池蒲宫瞿滕应敖冷柴麦褚"
    "娜房宗党符简艾闻窦谌仇华丛岑冉郎尚宿邢水蔺喻晏楚仲缪雍佘诸桑郁戚晋姬申芦步储臧匡国鞠栾杭惠买宣印苟明"
    "卞粟农竺沙荆占归刁木原练代凤古计封揭仝帅佴屠蒙洛呼鹿"
)
_DOUBLE: Final = (
    "欧阳|司马|上官|诸葛|司徒|东方|独孤|南宫|夏侯|尉迟|皇甫|公孙|慕容|令狐|宇文|长孙|轩辕|端木|百里|呼延|"
    "澹台|赫连|西门|司空|完颜"
)
_HAN: Final = r"\p{Han}"
CHINESE: Final = {
    "PERSON": rf"^\s*(?:[{SURNAMES}]{_HAN}{{1,3}}|(?:{_DOUBLE}){_HAN}{{1,2}}|{_HAN}{{1,10}}[·•・.]{_HAN}{{1,12}})(?:先生|女士|小姐)?\s*$",
    "ORGANIZATION": "(?:公司|合伙|合伙企业|集团|事务所|商行|商店|工作室|经营部|服务部"
    "|合作社|研究院|研究所|大学|学院|中学|小学|医院|银行|支行|分行|酒店|委员会|协会|学会|基金会|[厂店局厅部院社站所]|中心)(?:[(（][^)）]*[)）])?$",
    "LOCATION": "[省市州盟区县旗镇乡村路街巷弄里道园苑厦场栋幢楼][^，。；！？]*"
    "[0-9号室楼栋幢层座村路街区县市镇乡组园苑厦场院内旁]$",
}
"""RE2 patterns of Chinese cells by kind."""
_WORD: Final = "(?:[A-Z]\\.?|[A-Z][A-Za-z'-]{1,20})"
ENGLISH: Final = {
    "PERSON": f"^ *(?:{_WORD}(?:[ ,]{{1,2}}(?:{_WORD}|de|van|von|da|la)){{0,4}}\\.?|[a-z'-]{{2,20}}) *$",
    "ORGANIZATION": r"(?i:\b(?:inc|llc|ltd|corp|co|gmbh|plc|company|corporation|limited|group|partners|associates"
    r"|bank)\b\.?$)",
    "LOCATION": r"(?i:^(?:no\.? ?)?[0-9]+[a-z]?,? .*\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd"
    r"|court|ct|way|place|pl|close|terrace|crescent|square|sq)\b)|(?i:^p\.? ?o\.? box [0-9]+)"
    r"|(?i:^ *[a-z][a-z' .-]* (?:street|road|avenue|lane|drive|boulevard|court|crescent|terrace|circuit|parade|highway"
    r"|place|close|way|grove|esplanade|square) *$)",
}
"""RE2 patterns of ASCII cells by kind. As many a product is written as a person: names need a header that says so."""
TITLE: Final = regex.compile(r"\s*(?:先生|女士|小姐|太太|老师|经理|同志|医生|律师|师傅|阿姨|叔叔)\s*$")
"""What people add to a name."""
DIALLED: Final = (
    r"^[ (+]*[0-9][0-9]*(?:[ ()./+-]+[0-9]+)+ *(?:(?i:x|ext\.?|转) ?[0-9]{1,6} *)?$|^ *0[1-9][0-9]{6,11} *$"
)
"""RE2 pattern of telephone numbers as people group them, anywhere in the world."""
NOT_DIALLED: Final = (
    r"^ *(?:(?:18|19|20)[0-9]{2}[-/. ]?(?:0?[1-9]|1[0-2])[-/. ]?[0-3]?[0-9](?:$|[^0-9])"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{2}|[0-9]{4}) *$|[0-9]{3}-[0-9]{2}-[0-9]{4} *$|[0-9]+\.[0-9]+ *$"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3} *$|(?:18|19|20)[0-9]{2}[01][0-9][0-3][0-9])"
)
"""RE2 pattern of what looks like that as well: dates, social security numbers, amounts, addresses of machines."""
_FORM: Final = (
    "有限|责任|股份|合作制?|公司|企业|分公司|子公司|分支机构|国有|独资|控股|上市|非上市|集体|全民|所有制?|私营|民营|外资|外商|港澳台|台港澳|中外|"
    "境内|境外|与|合资|合伙|普通|联营|投资|内资|个人|自然人|法人|非法人|一人|其他|经济|农民|专业合作社|合作社|个体|工商户|户|事业单位|社会团体|民办非企业单位|机关"
)
COMPANY_FORM: Final = regex.compile(rf"\s*(?:(?:{_FORM})[、/,，\s]*+)++(?:[(（][^)）]*+[)）]\s*+)*+")
"""Legal forms: what a company is, not which one."""
_DUTIES: Final = (
    "财务|市场|销售|人力|资源|人事|行政|研发|技术|客服|客户|服务|运营|法务|工程|生产|采购|质检|质量|信息|综合|管理|办公|后勤|物流|产品|设计|营销|公关|审计|风控|"
    "企划|售后|仓储|培训|品牌|渠道|战略|投资|数据|安全|财会|会计|业务|开发|网络|党群|工会|国际|大客户"
)
DEPARTMENT: Final = regex.compile(rf"\s*(?:{_DUTIES})++(?:部门?|中心|科室?|处室?|室|组|办|办公室|团队)\s*")
"""Departments, which every company has: part of one, not its name."""
