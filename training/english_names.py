"""Made-up people, places and companies from many cultures, for the English training texts.

Faker's word lists give most; the lists below give spellings in Latin letters that Faker lacks. No name is that of a
real person but by chance.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from faker import Faker

LOCALES: Final = (
    "en_US en_US en_US en_US en_GB en_GB en_GB en_IE en_IN en_NZ en_KE en_NG en_PK cs_CZ da_DK de_AT de_CH de_DE de_DE es_AR es_CO "
    "es_ES es_ES es_MX es_MX et_EE fi_FI fr_BE fr_CA fr_FR fr_FR ga_IE ha_NG hr_HR hu_HU id_ID ig_NG is_IS it_IT it_IT lt_LT lv_LV "
    "nl_BE nl_NL no_NO pl_PL pl_PL pt_BR pt_PT ro_RO sk_SK sl_SI sv_SE tr_TR tw_GH vi_VN yo_NG zu_ZA"
).split()
ADDRESSES: Final = (
    "en_US en_US en_US en_US en_GB en_GB en_CA en_AU en_IN en_NZ en_IE de_DE de_AT fr_FR fr_CA fr_CH es_ES es_MX it_IT nl_NL nl_BE pl_PL pt_BR "
    "pt_PT sv_SE da_DK no_NO fi_FI cs_CZ hu_HU hr_HR sl_SI sk_SK ro_RO tr_TR id_ID en_PH"
).split()

# Given names and family names of a culture, in Latin letters.
OWN: Final = {
    "chinese": (
        "Wei Fang Li Na Min Jing Lei Yang Jun Yong Jie Juan Tao Ming Chao Xia Ping Gang Hui Xin Yan Bo Hong Lan Mei Xiu Ling "
        "Xiaoming Xiaohong Zhiqiang Jianguo Meiling Yuhan Zihan Haoran Yuxuan Shihan Jiahao Yifan Siyu Ruoxi Mingze Chunhua "
        "Guiying Dongmei Weimin Zhenhua Kaiwen Yanling",
        "Wang Li Zhang Liu Chen Yang Zhao Huang Zhou Wu Xu Sun Hu Zhu Gao Lin He Guo Ma Luo Liang Song Zheng Xie Han Tang Feng "
        "Yu Dong Xiao Cheng Cao Yuan Deng Fu Shen Zeng Peng Lu Su Jiang Cai Jia Ding Wei Xue Ye Yan Pan Du Dai Xia Zhong Tian "
        "Ren Fan Fang Shi Yao Tan Liao Zou Xiong Jin Hao Kong Bai Cui Kang Mao Qiu Qin Gu Hou Shao Meng Long Wan Duan Qian Ouyang",
    ),
    "japanese": (
        "Haruto Yuto Sota Ren Hinata Kenji Takashi Hiroshi Satoshi Kazuki Daiki Ryota Shun Naoki Tsubasa Akira Makoto Minoru "
        "Yui Hina Sakura Aoi Rin Misaki Yuka Haruka Ayumi Emi Keiko Naoko Tomoko Yoko Michiko Kaori Mariko Chiyo Setsuko Noriko",
        "Sato Suzuki Takahashi Tanaka Ito Watanabe Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto "
        "Inoue Kimura Hayashi Shimizu Saito Mori Abe Ikeda Hashimoto Yamashita Ishikawa Ogawa Maeda Fujita Okada Hasegawa Murakami "
        "Kondo Ishii Sakamoto Endo Aoki Fujii Nishimura Fukuda Miura Takeuchi Nakajima Okamoto Matsuda Harada Nakano Ono Tamura",
    ),
    "korean": (
        "Minjun Seojun Jiho Hyunwoo Jihoon Seungmin Donghyun Minho Sungjin Youngho Kyungsoo Taeyang Jisoo Soojin Minji Seoyeon "
        "Jiwoo Hayun Eunji Yuna Haeun Hyejin Jiyoung Sunhee Kyunghee Eunkyung Ji-hoon Min-seo Seo-yeon Hye-jin Young-soo Sang-woo",
        "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Yoo Hong Jeon Ko Moon Yang Son Bae Baek "
        "Heo Nam Shim Noh Ha Kwak Sung Cha Joo Woo Koo Ryu Min Jin Ji Um Chae Won Cheon Bang Gong Hyun Ham Byun Yeom",
    ),
    "vietnamese": (
        "An Anh Binh Chau Chi Cuong Dung Duc Duy Giang Ha Hai Hanh Hieu Hoa Hoang Hung Huong Khanh Khoa Lan Linh Long Mai Minh Nam "
        "Nga Ngoc Nhung Phong Phuc Phuong Quan Quang Quynh Son Tam Thanh Thao Thu Thuy Tien Toan Trang Trinh Trung Tuan Tuyet Van Vinh Xuan Yen",
        "Nguyen Tran Le Pham Huynh Hoang Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Dinh Truong Trinh Doan Luong Mac Cao Chau Quach La Ta Thach Tong",
    ),
    "thai": (
        "Somchai Somsak Anong Araya Boonmee Chai Chakrit Kamon Kanya Kittisak Lawan Malee Mongkut Narong Niran Nittaya Pakorn Pensri "
        "Pichai Ploy Prasert Ratana Sakda Siriporn Somboon Suchart Sunan Suchada Thaksin Udom Wanida Wichai Yupa Chaiya",
        "Saetang Srisai Wongsawat Chaiyasit Phromma Thongchai Suksawat Rattanakorn Boonyarat Srisuwan Kittikul Chanthara Sombat "
        "Jaidee Maneewan Promsri Intharaphithak Somsri Kongkaew Petchara Suwannarat Thepsiri Wattanasin Chuasiriporn",
    ),
    "indian": (
        "Aarav Vivaan Aditya Arjun Rohan Rahul Amit Sanjay Vijay Suresh Ramesh Mahesh Rajesh Dinesh Karthik Senthil Murugan Selvam Anbu "
        "Kumaran Priya Anjali Divya Kavya Lakshmi Meena Deepa Sunita Anita Rekha Pooja Neha Sneha Swati Radha Gita Sita Meenakshi Thenmozhi "
        "Harpreet Gurpreet Manpreet Jaspreet Kiran Nikhil Varun Ishaan Tarun Gopal Hari Krishna",
        "Sharma Verma Gupta Singh Kaur Patel Shah Mehta Desai Joshi Iyer Iyengar Nair Menon Pillai Reddy Rao Naidu Chowdhury Banerjee "
        "Mukherjee Chatterjee Ghosh Bose Das Sen Dutta Mishra Tiwari Pandey Dubey Yadav Chauhan Rathore Malhotra Kapoor Khanna Chopra "
        "Bhatia Gill Sandhu Dhillon Subramanian Ramaswamy Natarajan Krishnamurthy Venkatesan Sivakumar Balasubramaniam Agarwal Jain Kulkarni",
    ),
    "arabic": (
        "Mohammed Muhammad Ahmed Ali Omar Hassan Hussein Ibrahim Khalid Youssef Mustafa Mahmoud Abdullah Abdulrahman Faisal Tariq Samir Nabil "
        "Karim Rashid Saeed Salim Jamal Bilal Hamza Zayd Fatima Aisha Maryam Layla Zainab Khadija Amina Noor Huda Salma Yasmin Rania Dina "
        "Hanan Samira Nadia Leila Sumayyah Ruqayyah Iman Abdul Ghaffar",
        "Al-Farsi Al-Masri Haddad Khoury Nasser Mansour Saleh Hamdan Awad Khalil Najjar Sabbagh Shami Qasim Rahman Hakim Farouk Aziz Bakr "
        "Amari Tannous Boutros Ghanem Maalouf Sayegh Bishara Kanaan Shadid Issa Nahas Morcos Bata Deeb Daher Essa Gerges Handal Kassis Naifeh "
        "El-Sayed Abdallah Hamidi Jabari Zidan Barakat Toma Wehbe Fakhoury",
    ),
    "persian": (
        "Ali Reza Hossein Mehdi Amir Behrouz Dariush Farhad Kamran Kourosh Navid Omid Parviz Ramin Siavash Arash Babak Cyrus Fatemeh Zahra "
        "Maryam Shirin Parisa Nasrin Laleh Mahnaz Golnar Roya Soraya Azadeh Taraneh Niloufar",
        "Ahmadi Hosseini Mohammadi Karimi Rahimi Moradi Jafari Rezaei Kazemi Sadeghi Ebrahimi Ghorbani Bagheri Tehrani Shirazi Esfahani "
        "Farahani Golzari Khosravi Mirzaei Nazari Pahlavan Rostami Soltani Tabrizi Yazdani Zand",
    ),
    "russian": (
        "Ivan Dmitri Sergei Alexei Mikhail Nikolai Vladimir Andrei Boris Yuri Oleg Igor Pavel Konstantin Maxim Viktor Anatoly Stanislav Anna "
        "Olga Natalia Tatiana Irina Svetlana Elena Ekaterina Ludmila Galina Marina Vera Nadezhda Oksana Yulia Daria Ruslan Aslan Akhmed Zelimkhan Umar",
        "Ivanov Petrov Sidorov Smirnov Kuznetsov Popov Sokolov Lebedev Kozlov Novikov Morozov Volkov Pavlov Orlov Makarov Zaitsev Solovyov "
        "Ivanova Petrova Smirnova Kuznetsova Popova Sokolova Lebedeva Kozlova Novikova Morozova Volkova Kadyrov Bashirov Umarov Shevchenko "
        "Kovalenko Bondarenko Tkachenko Kravchenko Lysenko Rudenko Melnyk Vasilyev Fyodorov Mikhailov Belyakov Gusev Titov Baranov",
    ),
    "greek": (
        "Giorgos Dimitris Nikos Kostas Yannis Panagiotis Christos Vasilis Stavros Spyros Maria Eleni Katerina Sofia Georgia Ioanna Despina Vasiliki "
        "Anastasia Evangelia Paraskevi Theodoros Athanasios",
        "Papadopoulos Papadakis Georgiou Nikolaidis Ioannou Dimitriou Konstantinou Pappas Vlachos Makris Angelopoulos Karagiannis Antoniou "
        "Economou Alexiou Christodoulou Theodorou Stavropoulos Kontos Zervas Papadopoulou Georgiadis",
    ),
    "african": (
        "Chidi Chinedu Chukwuemeka Emeka Ifeanyi Obinna Uchenna Nnamdi Kelechi Ikenna Ngozi Chioma Adaeze Ifeoma Nkechi Amara Chiamaka Ogechi "
        "Kwame Kofi Kwabena Yaw Ama Akosua Abena Efua Tendai Tafadzwa Rutendo Thabo Sipho Lerato Naledi Wanjiru Kamau Njoroge Achieng Otieno "
        "Abebe Bekele Tesfaye Haile Selam Yonas Kidane Tekle Mehret Senait Isaias Biniam Filmon Semhar Abrihet Robel Winta",
        "Okafor Okonkwo Nwosu Eze Obi Okeke Nnadi Onyekachi Nwachukwu Chukwu Ezenwa Uzoma Igwe Mensah Owusu Boateng Asante Osei Appiah Moyo "
        "Ndlovu Dube Sibanda Nkosi Dlamini Mokoena Mwangi Kariuki Odhiambo Wekesa Abera Girma Desta Gebre Tesfay Berhe Asmelash Mulugeta Weldu "
        "Negassi Zere Amanuel Haylom Yemane Adeyemi Adebayo Balogun Okoye Ogunleye Abiodun Diallo Traore Keita Coulibaly Toure",
    ),
    "slavic": (
        "Jelena Marko Milan Nikola Luka Stefan Dragan Goran Zoran Branko Tomislav Vesna Snezana Milica Ivana Katarina Matej Jakub Ondrej Tomas "
        "Zdenek Vaclav Ludmila Bozena Agnieszka Katarzyna Malgorzata Wojciech Grzegorz Krzysztof Zbigniew Zuzanna Lucja Gorazd Blaz Urska Matjaz",
        "Jovanovic Petrovic Nikolic Markovic Horvat Kovacic Babic Maric Juric Novak Kralj Zupancic Potocnik Kovac Dvorak Svoboda Novotny Cerny "
        "Prochazka Kucera Kowalski Wisniewski Wojcik Kaminski Lewandowski Zielinski Szymanski Wozniak Dabrowski Mazur Nowakowska Jankowska "
        "Krajnc Golob Vidmar Hribar Bogdanov Dimitrov Georgiev Stoyanov",
    ),
    "nordic": (
        "Bjorn Sven Lars Nils Anders Erik Gunnar Olaf Leif Magnus Ingrid Astrid Sigrid Solveig Kirsten Freja Liv Hanne Birgitta Annika Jorma Pekka "
        "Matti Aino Helmi Ilmari Vaino Kaisa Sigurdur Jon Gudrun Ragnheidur Thorsteinn Haflidi Aslaug Malik Aputsiaq Ivalu Nivi",
        "Johansson Andersson Karlsson Nilsson Eriksson Larsson Olsson Hansen Johansen Olsen Larsen Andersen Pedersen Nielsen Jensen Christensen "
        "Rasmussen Sorensen Virtanen Korhonen Nieminen Makinen Hamalainen Laine Heikkinen Koskinen Lindqvist Bergstrom Dahlberg Sjoberg Jonsdottir "
        "Sigurdsson Gudmundsdottir Einarsson Magnusdottir Stefansson Olafsdottir Kleist Petrussen",
    ),
    "fantasy": (
        "Bilberry Tomlin Rosamund Peregrin Fosco Marigold Adaldrid Hildigard Bungle Otho Primula Drogo Kurn Torvak Makor Belanna Korrath Duras "
        "Elowen Thalion Arannis Kaelith Mirabel Zorin",
        "Burrows Greenhill Proudhand Underhall Longbottle Goodchild Sandybanks Brandyhill Oakbottle Took-Brown Stonefoot Hornblow Fairbairn "
        "Deepdelver Ironfist Kormak Rotarran Nightbreeze Silverleaf",
    ),
    "dutch_french_it": (
        "Jeroen Maarten Pieter Sanne Femke Lieke Joost Wouter Thijs Geert Amelie Chloe Mathieu Lucas Manon Camille Theo Baptiste Gaetan Odile "
        "Giuseppe Giovanni Francesca Alessia Chiara Matteo Lorenzo Rosaria Concetta Tommaso Joao Tiago Ines Beatriz Goncalo Marcia Thiago Larissa",
        "van den Berg|van Dijk|de Vries|Bakker|Visser|Smit|Meijer|de Boer|Mulder|de Groot|Bos|van der Meer|van Leeuwen|Dekker|Dijkstra|Lefebvre|"
        "Moreau|Girard|Fontaine|Rousseau|Blanchard|Gauthier|Perrault|de la Croix|Le Goff|Esposito|Ricci|Marino|Greco|Conti|De Luca|Costa|"
        "Giordano|Mancini|Lombardi|Di Stefano|da Silva|dos Santos|Pereira|Oliveira|Azevedo Gomes|Castro Sousa|Rocha Lima|Pinto Alves|van Buuren",
    ),
}
ENDINGS: Final = (
    "Group Holdings Systems Solutions Partners Industries Logistics Foods Motors Bank Insurance Airlines Pharmaceuticals Technologies "
    "Labs Media Consulting Services Trading Energy Capital Electronics Textiles Hotels University Hospital Clinic Foundation Institute College "
    "Association Society Stores Markets Supermarket Pharmacy Bakery Construction Properties Telecom Software Studios Records Shipping Supply"
).split()
LEGAL: Final = "Inc.|Inc|Ltd|Ltd.|LLC|LLP|Corp.|Corporation|Co.|& Co.|Company|PLC|plc|GmbH|S.A.|AG|B.V.|Pty Ltd|Limited|& Sons|Co., Ltd.|SA|AB|Oy".split(
    "|"
)
STEMS: Final = (
    "Apex Summit Blue River Northern Pacific Global United Star Golden Silver Red Green Bright Delta Omega Alpha Nova Vertex Pinnacle "
    "Horizon Harbor Lake Mountain Coastal Metro Central First National Premier Royal Crown Phoenix Eagle Falcon Lion Titan Atlas Orion Quantum Cyber "
    "Data Cloud Smart Simple Fresh Happy Family City Town Village Country Rapid Prime Total Pure Vital Bio Eco Solar Terra Aqua Inter Trans Euro Asia "
    "Union Future African Nordic Baltic Anchor Beacon Cedar Granite Meridian Compass"
).split()


@dataclass(slots=True)
class Pools:
    """Everything a template may put in, drawn once."""

    people: list[tuple[list[str], list[str]]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    streets: list[str] = field(default_factory=list)
    cities: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    companies: list[str] = field(default_factory=list)


def pools(seed: int, *, each: int = 160) -> Pools:
    """Draw the pools; the same seed gives the same ones."""
    own = [(_split(first), _split(last)) for first, last in OWN.values()]
    found = Pools(people=own * 2)
    cache: dict[str, tuple[list[str], list[str]]] = {}
    for number, locale in enumerate(LOCALES):
        if locale not in cache:
            fake = _faker(locale, seed + number)
            cache[locale] = (_latin(fake.first_name, each * 3), _latin(fake.last_name, each * 3))
        found.people.append(cache[locale])
    for number, locale in enumerate(ADDRESSES):
        fake = _faker(locale, seed + 100 + number)
        found.addresses += _latin(fake.address, each)
        found.streets += _latin(fake.street_address, each)
        found.cities += _latin(fake.city, each // 3)
        found.companies += _latin(fake.company, each // 4)
    english = _faker("en_US", seed)
    more = "UK|USA|U.S.|the UK|England|Scotland|Wales|Taiwan|Hong Kong|Russia"
    found.countries = [*_latin(english.country, 400), *more.split("|")]
    found.cities += REAL_CITIES * 4
    return found


def gazetteer(seed: int) -> tuple[set[str], set[str], set[str], set[str]]:
    """Return all given names, family names, towns and countries, for the features that look words up."""
    whole = pools(seed, each=900)
    first = {word for names, _ in whole.people for name in names for word in name.split()}
    last = {word for _, names in whole.people for name in names for word in name.split()}
    return first, last, set(whole.cities), set(whole.countries)


def company(rng: random.Random, found: Pools) -> str:  # noqa: PLR0911 - one line a kind of name
    """Make up a company, public body, shop or school."""
    kind = rng.random()
    family = rng.choice(rng.choice(found.people)[1])
    if kind < 0.2:
        return rng.choice(found.companies)
    if kind < 0.4:
        return f"{rng.choice(STEMS)} {rng.choice(ENDINGS)}" + (f" {rng.choice(LEGAL)}" if rng.random() < 0.3 else "")
    if kind < 0.55:
        return f"{family} {rng.choice(LEGAL + ENDINGS)}"
    if kind < 0.65:
        return f"{family}{rng.choice([' & ', ' and ', ', '])}{rng.choice(rng.choice(found.people)[1])}"
    if kind < 0.75:
        return rng.choice(["University of ", "Bank of ", "City of ", "Port of ", "Royal College of "]) + rng.choice(
            REAL_CITIES
        )
    if kind < 0.85:
        return f"{rng.choice(REAL_CITIES)} {rng.choice(ENDINGS)}"
    if kind < 0.93:
        return rng.choice(STEMS) + rng.choice(
            ["tech", "soft", "corp", "net", "ware", "gen", "link", "ify", "ly", "mart", "Works", "Hub", "Pay"]
        )
    return rng.choice(BRANDS)


def _faker(locale: str, seed: int) -> Faker:
    fake = Faker(locale)
    fake.seed_instance(seed)
    return fake


def _latin(draw: object, count: int) -> list[str]:
    found = dict.fromkeys(str(draw()) for _ in range(count))  # type: ignore[operator]
    return [
        each for each in found if each and all("LATIN" in unicodedata.name(c, "LATIN") for c in each if c.isalpha())
    ]


def _split(names: str) -> list[str]:
    return names.split("|") if "|" in names else names.split()


REAL_CITIES: Final = (
    "London|Paris|Berlin|Madrid|Rome|Vienna|Prague|Warsaw|Budapest|Amsterdam|Brussels|Lisbon|Dublin|Oslo|Stockholm|Helsinki|Copenhagen|Athens|"
    "Moscow|Kyiv|Istanbul|Cairo|Lagos|Nairobi|Accra|Cape Town|Johannesburg|Mumbai|Delhi|New Delhi|Bangalore|Chennai|Kolkata|Karachi|Lahore|Dhaka|"
    "Bangkok|Hanoi|Ho Chi Minh City|Singapore|Kuala Lumpur|Jakarta|Manila|Beijing|Shanghai|Shenzhen|Guangzhou|Hangzhou|Chengdu|Wuhan|Tokyo|Osaka|"
    "Kyoto|Seoul|Busan|Taipei|Sydney|Melbourne|Brisbane|Perth|Auckland|Wellington|Toronto|Montreal|Vancouver|Ottawa|Calgary|New York|New York City|"
    "NYC|Los Angeles|LA|Chicago|Houston|Phoenix|Philadelphia|San Antonio|San Diego|Dallas|San Jose|Austin|Jacksonville|San Francisco|Seattle|Denver|"
    "Boston|Washington|Washington D.C.|Nashville|Las Vegas|Portland|Detroit|Memphis|Baltimore|Milwaukee|Atlanta|Miami|Orlando|Tampa|Cleveland|"
    "Minneapolis|St. Louis|Pittsburgh|Cincinnati|Mexico City|Buenos Aires|Rio de Janeiro|Sao Paulo|Santiago|Lima|Bogota|Caracas|Havana|Manchester|"
    "Birmingham|Leeds|Liverpool|Glasgow|Edinburgh|Bristol|Cardiff|Belfast|Brighton|Oxford|Cambridge|York|Hamburg|Munich|Cologne|Frankfurt|Zurich|"
    "Geneva|Milan|Naples|Turin|Florence|Venice|Barcelona|Seville|Valencia|Lyon|Marseille|Nice|Toulouse|Bordeaux|Reykjavik|Dubai|Abu Dhabi|Doha|"
    "Riyadh|Jeddah|Tehran|Baghdad|Jerusalem|Tel Aviv|Beirut|Damascus|Texas|California|Florida|Ohio|Georgia|Virginia|Michigan|Illinois|Bavaria|"
    "Tuscany|Kent|Sussex|Yorkshire|Ontario|Quebec|Queensland|Punjab|Kerala|Goa|Bali|Hawaii|Alaska|Europe|Africa|Asia|South America|the Bronx|Brooklyn"
).split("|")
BRANDS: Final = (
    "Google|Apple|Microsoft|Amazon|Facebook|Twitter|Netflix|IBM|Intel|Oracle|Samsung|Sony|Toyota|Honda|Ford|BMW|Siemens|Bosch|Nestle|Unilever|"
    "Walmart|Tesco|IKEA|Starbucks|McDonald's|HSBC|Barclays|Citibank|Visa|PayPal|FedEx|UPS|DHL|Royal Mail|Vodafone|AT&T|Verizon|BBC|CNN|the NHS|"
    "NASA|FBI|the United Nations|WHO|UNICEF|Red Cross|the European Union|Harvard|MIT|Stanford|Lufthansa|British Airways|Emirates|Huawei|Alibaba|"
    "Tencent|Baidu|Shell|BP|Exxon|Pfizer|Bayer|Novartis|Deloitte|KPMG|Accenture|Goldman Sachs|JPMorgan|Morgan Stanley|Wells Fargo|Bank of America"
).split("|")
