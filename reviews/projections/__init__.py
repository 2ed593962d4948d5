"""What verification asks reviews: do its rows stand as the entries tell, and is each told and each there?"""
